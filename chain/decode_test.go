package chain

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// everything is a Snapshot with something in every field.
func everything() Snapshot[map[string]any] {
	at := time.Date(2026, 3, 4, 5, 6, 7, 89, time.FixedZone("", -3600))
	return Snapshot[map[string]any]{
		Version: SnapshotVersion, ID: "01J\u2028<&>\"\\", Plan: "plän", Fingerprint: "f1", Status: Stuck,
		Data:     map[string]any{"a": []any{1.5, "]},", nil, map[string]any{}}},
		Metadata: map[string]any{"user": "x", "n": 3.0},
		Steps: []StepState{
			{Path: "a", Kind: "step", State: KindSkipped},
			{Path: "b", Kind: "process", Compensation: true, State: KindSucceeded, Undo: KindCompensated, UndoOrder: 1, UndoAttempts: 2},
			{
				Path: "c/ü", Kind: "async step", Compensation: true, State: KindFailed, Attempts: 3,
				Error: &StoredError{Text: "line\nline", Code: "timeout"}, Ending: ByContext,
				Undo: KindCompensationFailed, UndoOrder: 2, UndoAttempts: 1, UndoError: &StoredError{},
			},
		},
		Trace: []Event{
			{Time: at, Kind: KindPlanStarted},
			{Time: at.UTC(), Kind: KindLog, Level: slog.LevelError + 2, Path: "a", Message: "\x7f<"},
			{Time: at, Kind: KindRetrying, Phase: Compensation, Level: slog.LevelWarn, Path: "a", Attempt: 7, Error: "é", Delay: 1<<62 + 1},
		},
	}
}

func TestWrittenAsByEncodingJSON(t *testing.T) {
	full := everything()
	for _, s := range []Snapshot[map[string]any]{full, {Version: 1}, {Version: 1, ID: "\xff", Metadata: map[string]any{}}} {
		want, err := json.Marshal(s)
		require.NoError(t, err)
		got, _, err := appendSnapshot(nil, &s)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
	for field := range reflect.ValueOf(full).NumField() { // a new field must be written, and read back
		require.False(t, reflect.ValueOf(full).Field(field).IsZero())
	}
}

func TestWhatIsWrittenIsReadInOneGo(t *testing.T) {
	s := everything()
	doc, _, err := appendSnapshot(nil, &s)
	require.NoError(t, err)
	for _, knownOnly := range []bool{false, true} {
		read, ok := readSnapshot[map[string]any](doc, knownOnly)
		require.True(t, ok)
		slow, err := decode[map[string]any](doc, knownOnly)
		require.NoError(t, err)
		require.Equal(t, slow, read)
	}
}

// Whatever is read in one go is what the thorough way reads of it.
func FuzzReadSnapshot(f *testing.F) {
	s := everything()
	doc, _, err := appendSnapshot(nil, &s)
	require.NoError(f, err)
	f.Add(doc, true)
	recorded, err := filepath.Glob("testdata/v1.*.json")
	require.NoError(f, err)
	require.NotEmpty(f, recorded)
	for _, name := range recorded {
		doc, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(doc, false)
	}
	for _, doc := range []string{
		`{"version":1,"id":"","status":"pending","data":null}`,
		`{"version":1,"id":"","status":"pending","data": null}`,
		`{"version":1,"id":"","status":"pending","data":{"a":1,"A":2}}`,
		"{\"version\":1,\"id\":\"a\nb\",\"status\":\"pending\",\"data\":{}}",
		"{\"version\":1,\"id\":\"a\xff\",\"status\":\"pending\",\"data\":{}}",
		"{\"version\":1,\"id\":\"\",\"status\":\"pending\",\"data\":[\"\xff\"]}",
		`{"version":01,"id":"","status":"pending","data":{}}`,
		`{"version":1,"id":"","status":"pending","data":{]}`,
		`{"version":1,"id":"","status":"pending","data":{}} `,
		`{"version":1,"id":"","status":"pending","data":{},"steps":[]}`,
		`{"version":1,"id":"","status":"pending","data":{},"metadata":{"n":12345678901234567890}}`,
		`{"version":1,"id":"","status":"pending","data":{},"trace":[{"time":"2026-01-02T03:04:05Z","kind":"log","attempt":-0}]}`,
		`{"version":1,"id":"","status":"pending","data":{},"trace":[{"time":"2026-01-02T03:04:05Z","kind":"log","delay_ns":9223372036854775808}]}`,
	} {
		f.Add([]byte(doc), false)
		f.Add([]byte(doc), true)
	}
	f.Fuzz(func(t *testing.T, doc []byte, knownOnly bool) {
		same[map[string]any](t, doc, knownOnly)
		same[any](t, doc, knownOnly)
		same[struct{ A *int }](t, doc, knownOnly)
		same[json.RawMessage](t, doc, knownOnly)
	})
}

func same[T any](t *testing.T, doc []byte, knownOnly bool) {
	read, ok := readSnapshot[T](doc, knownOnly)
	if !ok {
		return
	}
	slow, err := decode[T](doc, knownOnly)
	require.NoError(t, err)
	require.Equal(t, slow, read)
}
