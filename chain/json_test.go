package chain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

type address struct {
	Street string
	Zip    *int `json:"zip,omitempty"`
}

type customer struct {
	address
	*Contact
	Name     string         `json:"name"`
	At       time.Time      `json:"at"`
	Tags     []string       `json:"tags"`
	Sums     map[string]int `json:"sums"`
	Raw      json.RawMessage
	Anything any
	secret   string
}

type Contact struct{ Mail string }

// celsius writes and reads itself.
type celsius struct{ degrees int }

func (c celsius) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `"%d°C"`, c.degrees), nil }
func (c *celsius) UnmarshalJSON(doc []byte) error {
	if _, err := fmt.Sscanf(string(doc), `"%d°C"`, &c.degrees); err != nil {
		return fmt.Errorf("%s is no temperature", doc)
	}
	return nil
}

// roundTrip runs a plan on data, writes and reads the execution, and compares.
func roundTrip[T any](t *testing.T, data T) T {
	t.Helper()
	plan := chain.New[T]().Named("p").
		Step("a", func(context.Context, *T) error { return nil }).Compensate(func(context.Context, *T) error { return nil }).
		Step("b", func(context.Context, *T) error { return errNo }).Retry(policy.Fixed(2, 1)).
		OnFailure(policy.Compensate).MustBuild()
	out, err := runner.NewSync(plan).Run(context.Background(), data)
	require.ErrorIs(t, err, errNo)

	doc, err := json.Marshal(out.Context)
	require.NoError(t, err)
	back, err := chain.DecodeSnapshot[T](doc, true)
	require.NoError(t, err, string(doc))
	exec, err := chain.Restore(back)
	require.NoError(t, err)
	again, err := json.Marshal(exec)
	require.NoError(t, err)
	require.Equal(t, string(doc), string(again), "the form is stable")

	want := out.Context.Snapshot()
	for i, e := range want.Trace {
		require.True(t, e.Time.Equal(back.Trace[i].Time), "to the nanosecond")
		require.Equal(t, e.Time.Format(time.RFC3339Nano), back.Trace[i].Time.Format(time.RFC3339Nano), "with its zone")
		want.Trace[i].Time = back.Trace[i].Time
	}
	require.Equal(t, want.Data, back.Data)
	want.Data = back.Data
	require.Equal(t, want, back)
	require.Equal(t, out.Context.Status(), exec.Status())
	require.Equal(t, out.Context.Completed(), exec.Completed())
	require.Equal(t, out.Context.Compensated(), exec.Compensated())
	return back.Data
}

func TestRoundTripOfAnyData(t *testing.T) {
	zip := 8000
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", -7*60*60))
	full := customer{
		address: address{"Main & <1>", &zip}, Contact: &Contact{"a@b"}, Name: "Zoë \u2028", At: at,
		Tags: []string{}, Sums: map[string]int{"": 1, "x/y": -2}, Raw: json.RawMessage(`{"a":1,"a":2}`), Anything: []any{1.5, nil, "x"},
	}
	t.Run("struct", func(t *testing.T) { roundTrip(t, full) })
	t.Run("pointer", func(t *testing.T) { roundTrip(t, &full) })
	t.Run("zero struct", func(t *testing.T) { roundTrip(t, customer{Raw: json.RawMessage("null")}) })
	t.Run("map", func(t *testing.T) { roundTrip(t, map[string]any{"a": 1.0, "b": nil, "c": map[string]any{}}) })
	t.Run("map with keys of another type", func(t *testing.T) { roundTrip(t, map[int]string{1: "a", -2: "b"}) })
	t.Run("slice", func(t *testing.T) { roundTrip(t, []int{1, 2, 3}) })
	t.Run("nil slice", func(t *testing.T) { require.Nil(t, roundTrip(t, []int(nil))) })
	t.Run("empty slice", func(t *testing.T) { require.NotNil(t, roundTrip(t, []int{})) })
	t.Run("bytes", func(t *testing.T) { roundTrip(t, []byte{0, 255}) })
	t.Run("string", func(t *testing.T) { roundTrip(t, "null") })
	t.Run("empty string", func(t *testing.T) { roundTrip(t, "") })
	t.Run("number", func(t *testing.T) { roundTrip(t, uint64(math.MaxUint64)) })
	t.Run("bool", func(t *testing.T) { roundTrip(t, false) })
	t.Run("any", func(t *testing.T) { roundTrip[any](t, map[string]any{"a": []any{true}}) })
	t.Run("raw", func(t *testing.T) { roundTrip(t, json.RawMessage(`{"a":[1,2e3,{"a":null,"a":1}]}`)) })
	t.Run("raw null", func(t *testing.T) { roundTrip(t, json.RawMessage(`null`)) })
	t.Run("own methods", func(t *testing.T) { roundTrip(t, celsius{21}) })
	t.Run("empty struct", func(t *testing.T) { roundTrip(t, struct{}{}) })
	t.Run("time", func(t *testing.T) { roundTrip(t, at) })
	t.Run("what JSON loses is lost", func(t *testing.T) {
		exec := chain.NewExecutionContext(customer{secret: "s"})
		doc, err := json.Marshal(exec)
		require.NoError(t, err)
		var back chain.ExecutionContext[customer]
		require.NoError(t, json.Unmarshal(doc, &back))
		require.Empty(t, back.Data.secret)
	})
}

func TestNullIsDataOnlyWhereNullIsWritten(t *testing.T) {
	doc := []byte(`{"version":1,"id":"o","status":"pending","data":null}`)
	p, err := chain.DecodeSnapshot[*int](doc, true)
	require.NoError(t, err)
	require.Nil(t, p.Data)
	a, err := chain.DecodeSnapshot[any](doc, true)
	require.NoError(t, err)
	require.Nil(t, a.Data)

	_, err = chain.DecodeSnapshot[address](doc, false)
	require.EqualError(t, err, "taskchain: decode: data: is null, which no chain_test.address is")
	_, err = chain.DecodeSnapshot[int](doc, false)
	require.EqualError(t, err, "taskchain: decode: data: is null, which no int is")
	_, err = chain.DecodeSnapshot[func()](doc, false)
	require.ErrorContains(t, err, "taskchain: decode: data: is null, which no func() is")
}

func TestMetadataRoundTrip(t *testing.T) {
	for name, test := range map[string]struct{ in, want any }{
		"int":             {7, 7.0},
		"large int":       {int64(1<<53 + 1), json.Number("9007199254740993")},
		"negative":        {int64(-1<<53 - 1), json.Number("-9007199254740993")},
		"max uint64":      {uint64(math.MaxUint64), json.Number("18446744073709551615")},
		"exact large int": {int64(1 << 62), json.Number("4611686018427387904")},
		"round large int": {int64(1e18), 1e18},
		"10 to the 23":    {json.Number("100000000000000000000000"), json.Number("100000000000000000000000")},
		"float":           {0.1, 0.1},
		"tiny":            {math.SmallestNonzeroFloat64, math.SmallestNonzeroFloat64},
		"huge":            {math.MaxFloat64, math.MaxFloat64},
		"1e23":            {1e23, 1e23},
		"long decimal":    {json.Number("1234567890.12345678901"), json.Number("1234567890.12345678901")},
		"short decimal":   {json.Number("1.50"), 1.5},
		"exponent":        {json.Number("15e-1"), 1.5},
		"beyond float":    {json.Number("1e400"), json.Number("1e400")},
		"below float":     {json.Number("1e-400"), json.Number("1e-400")},
		"far beyond":      {json.Number("1e-99999999999999999999"), json.Number("1e-99999999999999999999")},
		"zero":            {json.Number("-0.0"), math.Copysign(0, -1)},
		"string":          {"x", "x"},
		"nil":             {nil, nil},
		"time":            {time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), "2026-01-02T03:04:05.000000006Z"},
		"nested":          {map[string]any{"list": []int64{1, 1<<53 + 1}}, map[string]any{"list": []any{1.0, json.Number("9007199254740993")}}},
	} {
		t.Run(name, func(t *testing.T) {
			exec := chain.NewExecutionContext(0, chain.WithMetadata(map[string]any{"key": test.in}))
			var doc []byte
			for range 3 {
				next, err := json.Marshal(exec)
				require.NoError(t, err)
				if doc != nil && !strings.Contains(string(doc), "1.50") && !strings.Contains(string(doc), "15e-1") && !strings.Contains(string(doc), "-0.0") {
					require.Equal(t, string(doc), string(next))
				}
				doc = next
				exec = new(chain.ExecutionContext[int])
				require.NoError(t, json.Unmarshal(doc, exec))
				require.Equal(t, map[string]any{"key": test.want}, exec.Metadata())
			}
		})
	}
}

func TestRecordedDocumentsDecodeForEver(t *testing.T) {
	files, err := filepath.Glob("testdata/v*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			doc, err := os.ReadFile(file)
			require.NoError(t, err)
			s, err := chain.DecodeSnapshot[order](doc, true)
			require.NoError(t, err)
			exec, err := chain.Restore(s)
			require.NoError(t, err)

			today, err := json.Marshal(exec)
			require.NoError(t, err)
			var indented bytes.Buffer
			require.NoError(t, json.Indent(&indented, today, "", "  "))
			require.Equal(t, strings.TrimSpace(string(doc)), indented.String(), "the form of today is the recorded one")
		})
	}
	// And one means what it meant.
	doc, err := os.ReadFile("testdata/v1.stuck.json")
	require.NoError(t, err)
	exec := new(chain.ExecutionContext[order])
	require.NoError(t, json.Unmarshal(doc, exec))
	require.Equal(t, "order-7", exec.ID)
	require.Equal(t, chain.Stuck, exec.Status())
	require.Equal(t, order{"lamp <€>", 2}, exec.Data)
	require.Equal(t, []string{"reserve"}, exec.Completed())
	require.Equal(t, []string{"fulfil/ship", "charge", "pack"}, exec.Compensated())
	require.Equal(t, 123456789, exec.Trace()[0].Time.Nanosecond())
	_, offset := exec.Trace()[0].Time.Zone()
	require.Equal(t, 5*60*60+30*60, offset)
	big, _ := exec.Get("big")
	require.Equal(t, json.Number("9007199254740993"), big)
}

type order struct {
	Item     string `json:"item"`
	Reserved int    `json:"reserved"`
}

// A recorded execution is not only read but can be carried on with.
func TestRecordedDocumentsCanBeResumed(t *testing.T) {
	doc, err := os.ReadFile("testdata/v1.stuck.json")
	require.NoError(t, err)
	exec := new(chain.ExecutionContext[order])
	require.NoError(t, json.Unmarshal(doc, exec))
	var did []string
	note := func(ctx context.Context, _ *order) error {
		step, _ := chain.StepFrom(ctx)
		did = append(did, step.Phase.String()+" "+step.Path+" because "+step.Cause.Error())
		return nil
	}
	plan := chain.New[order]().Named("checkout").
		Step("reserve", note).Compensate(note).
		Step("gift", note).When(func(context.Context, *order) bool { return false }).
		Process("pack", chain.New[order]().Step("box", note).Compensate(note)).Compensate(note).
		Process("card", chain.New[order]().Step("print", note).OnFailure(policy.Continue)).
		Step("charge", note).Compensate(note).
		Parallel("fulfil", chain.New[order]().
			Step("label", note).
			Step("ship", note).Compensate(note).CompensateOnFailure()).
		OnFailure(policy.Compensate).MustBuild()
	require.Equal(t, exec.Snapshot().Fingerprint, plan.Fingerprint(), "fingerprints are part of the form")
	out, err := runner.NewSync(plan).Resume(context.Background(), exec)
	require.Error(t, err)
	require.Equal(t, chain.Compensated, out.Status)
	require.Equal(t, []string{`compensation reserve because step "fulfil/ship" failed: panic: no such street`}, did)
}

func TestUnmarshalJSONIntoAFreshOrABegunOne(t *testing.T) {
	doc, err := json.Marshal(chain.NewExecutionContext(7, chain.WithID("o-1"), chain.WithMetadata(map[string]any{"a": "b"})))
	require.NoError(t, err)

	fresh := chain.NewExecutionContext(1, chain.WithMetadata(map[string]any{"old": 1}))
	fresh.Log(slog.LevelInfo, "old")
	require.NoError(t, json.Unmarshal(doc, fresh))
	require.Equal(t, "o-1", fresh.ID)
	require.Equal(t, 7, fresh.Data)
	require.Equal(t, map[string]any{"a": "b"}, fresh.Metadata())
	require.Empty(t, fresh.Trace())
	require.NoError(t, json.Unmarshal(doc, fresh), "again, as it has still not begun")

	out, err := runner.NewSync(chain.New[int]().Step("a", fail).MustBuild()).Resume(context.Background(), fresh)
	require.Error(t, err)
	before := out.Context.Snapshot()
	require.ErrorContains(t, json.Unmarshal(doc, out.Context), "taskchain: decode: into an execution that has begun")
	require.Equal(t, before, out.Context.Snapshot())

	untouched := chain.NewExecutionContext(1, chain.WithID("o-2"))
	for _, bad := range []string{`{}`, `null`, `[]`, `{"version":1,"id":"","status":"running","data":1}`} {
		require.Error(t, untouched.UnmarshalJSON([]byte(bad)))
		require.Equal(t, chain.NewExecutionContext(1, chain.WithID("o-2")).Snapshot(), untouched.Snapshot())
	}
}

func TestExecutionAsAFieldOfTheUsers(t *testing.T) {
	type request struct {
		User string
		Exec *chain.ExecutionContext[order]
		Next *chain.ExecutionContext[order]
		Also chain.ExecutionContext[int]
	}
	in := &request{User: "u", Exec: chain.NewExecutionContext(order{Item: "lamp"}, chain.WithID("o-1"))}
	in.Also.Data = 7
	doc, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"User":"u","Exec":{"version":1,"id":"o-1","status":"pending","data":{"item":"lamp","reserved":0}},"Next":null,
		"Also":{"version":1,"id":"","status":"pending","data":7}}`, string(doc))
	var out request
	require.NoError(t, json.Unmarshal(doc, &out))
	require.Equal(t, in.Exec.Snapshot(), out.Exec.Snapshot())
	require.Nil(t, out.Next)
	require.Equal(t, 7, out.Also.Data)
}

// doc is a good document with one thing replaced.
func doc(t *testing.T, old, new string) []byte {
	t.Helper()
	const good = `{"version":1,"id":"o-1","plan":"p","status":"aborted","data":{"item":"lamp","reserved":1},"metadata":{"m":1},` +
		`"steps":[{"path":"a","kind":"step","state":"succeeded","attempts":1},` +
		`{"path":"b","kind":"step","state":"failed","attempts":1,"error":{"text":"no"}}],` +
		`"trace":[{"time":"2026-01-02T03:04:05.000000006+02:00","kind":"plan_started"},` +
		`{"time":"2026-01-02T03:04:06Z","kind":"log","level":"WARN","message":"hm"}]}`
	if old == "" {
		return []byte(good)
	}
	require.Equal(t, 1, strings.Count(good, old), old)
	return []byte(strings.Replace(good, old, new, 1))
}

func TestDecodeRefusesBadInputAndSaysWhere(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for name, test := range map[string]struct {
		doc    []byte
		want   string
		strict bool
	}{
		"empty":                     {nil, "the document is empty", false},
		"blank":                     {[]byte(" \n"), "the document is empty", false},
		"no JSON":                   {[]byte("<xml>"), "offset 1: invalid character '<' looking for beginning of value", false},
		"cut short":                 {doc(t, "", "")[:100], "offset 100: unexpected end of JSON input", false},
		"trailing data":             {append(doc(t, "", ""), " {}"...), "offset 414: invalid character '{' after top-level value", false},
		"trailing garbage":          {append(doc(t, "", ""), 0), `offset 413: invalid character '\x00' after top-level value`, false},
		"byte order mark":           {append([]byte("\xef\xbb\xbf"), doc(t, "", "")...), "offset 1: invalid character 'ï' looking for beginning of value", false},
		"bad UTF-8":                 {doc(t, "o-1", "o\xff1"), "offset 20: invalid UTF-8", false},
		"too deep":                  {doc(t, `{"m":1}`, deep), "offset 10101: invalid character '[' exceeded max depth", false},
		"null":                      {[]byte("null"), "version: is missing", false},
		"an array":                  {[]byte("[]"), "want an object, got array", false},
		"a string":                  {[]byte(`"x"`), "want an object, got string", false},
		"a number":                  {[]byte(`1`), "want an object, got number", false},
		"an empty object":           {[]byte("{}"), "version: is missing", false},
		"no version":                {doc(t, `"version":1,`, ""), "version: is missing", false},
		"null version":              {doc(t, `"version":1`, `"version":null`), "version: is missing", false},
		"unknown version":           {doc(t, `"version":1`, `"version":2`), "version: unknown version 2, known are 1 to 1", false},
		"another form":              {[]byte(`{"version":2,"id":7,"state":{}}`), "version: unknown version 2, known are 1 to 1", true},
		"huge version":              {doc(t, `"version":1`, `"version":1e999`), "version: want int, got number 1e999", false},
		"fractional":                {doc(t, `"version":1`, `"version":1.5`), "version: want int, got number 1.5", false},
		"no id":                     {doc(t, `"id":"o-1",`, ""), "id: is empty", false},
		"null id":                   {doc(t, `"o-1"`, "null"), "id: is empty", false},
		"number for id":             {doc(t, `"o-1"`, "7"), "id: want string, got number", false},
		"no status":                 {doc(t, `"status":"aborted",`, ""), "status: is missing", false},
		"unknown status":            {doc(t, "aborted", "lost"), `status: unknown status "lost"`, false},
		"number for status":         {doc(t, `"aborted"`, "3"), "status: want a string, got number", false},
		"pending with steps":        {doc(t, "aborted", "pending"), "steps: of an execution that has not begun", false},
		"no data":                   {doc(t, `"data":{"item":"lamp","reserved":1},`, ""), "data: is missing", false},
		"null data":                 {doc(t, `{"item":"lamp","reserved":1}`, "null"), "data: is null, which no chain_test.order is", false},
		"data of another kind":      {doc(t, `{"item":"lamp","reserved":1}`, `"x"`), "data: want an object, got string", false},
		"data's field":              {doc(t, `"reserved":1`, `"reserved":"one"`), "data.reserved: want int, got string", false},
		"huge number in data":       {doc(t, `"reserved":1`, `"reserved":123456789012345678901234567890`), "data.reserved: want int, got number 123456789012345678901234567890", false},
		"metadata of another kind":  {doc(t, `{"m":1}`, `[1]`), "metadata: want an object, got array", false},
		"steps cut short":           {doc(t, `[{"path":"a"`, `{"0":[{"path":"a"`), "offset 417: unexpected end of JSON input", false},
		"steps of another kind":     {doc(t, `"steps":[`, `"steps":{},"was":[`), "steps: want an array, got object", false},
		"null step":                 {doc(t, `{"path":"a","kind":"step","state":"succeeded","attempts":1}`, "null"), "steps[0].path: is empty", false},
		"string for step":           {doc(t, `{"path":"a","kind":"step","state":"succeeded","attempts":1}`, `"a"`), "steps[0]: want an object, got string", false},
		"unknown kind of step":      {doc(t, `"path":"b","kind":"step"`, `"path":"b","kind":"leap"`), `steps[1].kind: unknown kind "leap"`, false},
		"unknown state":             {doc(t, `"state":"failed"`, `"state":"lost"`), `steps[1].state: unknown kind "lost"`, false},
		"no state of a step":        {doc(t, `"state":"failed"`, `"state":"log"`), `steps[1].state: "log" is no state of a step`, false},
		"negative attempts":         {doc(t, `"failed","attempts":1`, `"failed","attempts":-1`), "steps[1].attempts: is negative", false},
		"string for attempts":       {doc(t, `"failed","attempts":1`, `"failed","attempts":"1"`), "steps[1].attempts: want int, got string", false},
		"the same step twice":       {doc(t, `"path":"b"`, `"path":"a"`), `steps[1].path: "a" stands there twice`, false},
		"error of another kind":     {doc(t, `{"text":"no"}`, `"no"`), "steps[1].error: want an object, got string", false},
		"error's text":              {doc(t, `{"text":"no"}`, `{"text":7}`), "steps[1].error.text: want string, got number", false},
		"unknown ending":            {doc(t, `{"text":"no"}`, `{"text":"no"},"ending":"badly"`), `steps[1].ending: unknown ending "badly"`, false},
		"trace of another kind":     {doc(t, `"trace":[`, `"trace":{},"was":[`), "trace: want an array, got object", false},
		"null event":                {doc(t, `{"time":"2026-01-02T03:04:05.000000006+02:00","kind":"plan_started"}`, "null"), "trace[0].kind: unknown kind 0", false},
		"unknown kind of event":     {doc(t, `plan_started`, "plan_lost"), `trace[0].kind: unknown kind "plan_lost"`, false},
		"no time":                   {doc(t, `"time":"2026-01-02T03:04:06Z",`, ""), "trace[1].time: is missing", false},
		"bad time":                  {doc(t, `2026-01-02T03:04:06Z`, "yesterday"), `trace[1].time: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"`, false},
		"number for time":           {doc(t, `"2026-01-02T03:04:06Z"`, "7"), "trace[1].time: Time.UnmarshalJSON: input is not a JSON string", false},
		"unknown level":             {doc(t, "WARN", "LOUD"), `trace[1].level: slog: level string "LOUD": unknown name`, false},
		"unknown phase":             {doc(t, `"level":"WARN"`, `"phase":"half"`), `trace[1].phase: unknown phase "half"`, false},
		"status twice":              {doc(t, `"plan":"p"`, `"status":"stuck"`), "status: stands there twice", false},
		"twice in another case":     {doc(t, `"plan":"p"`, `"\u0053TATUS":"stuck"`), "status: stands there twice", false},
		"twice in a step":           {doc(t, `"path":"b",`, `"path":"b","state":"skipped",`), "steps[1].state: stands there twice", false},
		"twice in an error":         {doc(t, `{"text":"no"}`, `{"text":"no","text":"yes"}`), "steps[1].error.text: stands there twice", false},
		"unknown field":             {doc(t, `"plan":"p"`, `"plam":"p"`), `unknown field "plam"`, true},
		"unknown field of a step":   {doc(t, `"path":"b",`, `"path":"b","x":{},`), `steps[1]: unknown field "x"`, true},
		"unknown field of an event": {doc(t, `"message":"hm"`, `"massage":"hm"`), `trace[1]: unknown field "massage"`, true},
		"unknown field of the data": {doc(t, `"reserved":1`, `"preserved":1`), `data: unknown field "preserved"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := chain.DecodeSnapshot[order](test.doc, test.strict)
			require.EqualError(t, err, "taskchain: decode: "+test.want)
			require.Zero(t, s, "nothing half filled")
			if test.strict && test.doc[11] == '1' {
				_, err = chain.DecodeSnapshot[order](test.doc, false)
				require.NoError(t, err)
			}
		})
	}
	s, err := chain.DecodeSnapshot[order](doc(t, "", ""), true)
	require.NoError(t, err)
	require.Equal(t, order{"lamp", 1}, s.Data)
}

// Inside data and metadata the owner decides: encoding/json takes the last.
func TestKeysTwiceInsideDataAndMetadata(t *testing.T) {
	s, err := chain.DecodeSnapshot[order](doc(t, `"reserved":1`, `"reserved":1,"reserved":2`), true)
	require.NoError(t, err)
	require.Equal(t, 2, s.Data.Reserved)
	s, err = chain.DecodeSnapshot[order](doc(t, `"m":1`, `"m":1,"m":{"n":"]}","n":[{}]}`), true)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"m": map[string]any{"n": []any{map[string]any{}}}}, s.Metadata)
}

// grumpy panics both ways.
type grumpy struct{}

func (grumpy) MarshalJSON() ([]byte, error) { panic("not today") }
func (*grumpy) UnmarshalJSON([]byte) error  { panic("nor tomorrow") }

func TestEncodeRefusesWhatJSONCannotHold(t *testing.T) {
	loop := map[string]any{}
	loop["loop"] = loop
	for name, test := range map[string]struct {
		encode func() ([]byte, error)
		want   string
	}{
		"NaN":           {encode(math.NaN()), "data: json: unsupported value: NaN"},
		"infinity":      {encode(map[string]float64{"x": math.Inf(-1)}), "data: json: unsupported value: -Inf"},
		"chan":          {encode(make(chan int)), "data: json: unsupported type: chan int"},
		"func inside":   {encode(struct{ F func() }{}), "data: json: unsupported type: func()"},
		"raw garbage":   {encode(json.RawMessage("{")), "data: json: error calling MarshalJSON for type json.RawMessage: unexpected end of JSON input"},
		"panic":         {encode(grumpy{}), "panic: not today"},
		"metadata func": {encode(1, "ok", 1, "f", func() {}), "metadata.f: json: unsupported type: func()"},
		"metadata chan": {encode(1, "c", []any{make(chan int)}), "metadata.c: json: unsupported type: chan int"},
		"metadata NaN":  {encode(1, "n", math.NaN()), "metadata.n: json: unsupported value: NaN"},
		"metadata loop": {encode(1, "l", loop), "metadata.l: json: unsupported value: encountered a cycle via map[string]interface {}"},
		"time too late": {func() ([]byte, error) {
			s := good()
			s.Trace[0].Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
			return chain.EncodeSnapshot(s)
		}, "json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range [0,9999]"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := test.encode()
			require.ErrorContains(t, err, "taskchain: encode: "+test.want)
			require.Nil(t, doc)
		})
	}
	_, err := json.Marshal(chain.NewExecutionContext(math.NaN()))
	require.ErrorContains(t, err, "taskchain: encode: data: json: unsupported value: NaN")
	var unsupported *json.UnsupportedValueError
	require.True(t, errors.As(err, &unsupported))
}

func encode[T any](data T, metadata ...any) func() ([]byte, error) {
	return func() ([]byte, error) {
		exec := chain.NewExecutionContext(data)
		for i := 0; i < len(metadata); i += 2 {
			exec.Set(metadata[i].(string), metadata[i+1])
		}
		return chain.EncodeSnapshot(exec.Snapshot())
	}
}

func TestDecodeSurvivesTheDatasOwnMethod(t *testing.T) {
	_, err := chain.DecodeSnapshot[grumpy](doc(t, "", ""), false)
	require.EqualError(t, err, "taskchain: decode: panic: nor tomorrow")
	_, err = chain.DecodeSnapshot[celsius](doc(t, `{"item":"lamp","reserved":1}`, `"hot"`), false)
	require.EqualError(t, err, `taskchain: decode: data: "hot" is no temperature`)
	_, err = chain.DecodeSnapshot[[]celsius](doc(t, `{"item":"lamp","reserved":1}`, `["1°C","hot"]`), false)
	require.EqualError(t, err, `taskchain: decode: data[1]: "hot" is no temperature`)
}

// A key in another case is the same key, as everywhere in encoding/json.
func TestKeysInAnotherCase(t *testing.T) {
	s, err := chain.DecodeSnapshot[order](doc(t, `"status"`, `"Status"`), true)
	require.NoError(t, err)
	require.Equal(t, chain.Aborted, s.Status)
}
