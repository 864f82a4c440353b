package chain_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func TestEndingText(t *testing.T) {
	requireTexts(t, chain.ByItself, "", "context", "sibling")
}

// good is a Snapshot with something of everything, for the tests to spoil.
func good() chain.Snapshot[int] {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 2*60*60))
	no := &chain.StoredError{Text: "no"}
	return chain.Snapshot[int]{
		Version: 1, ID: "o-1", Plan: "checkout", Fingerprint: "f", Status: chain.Stuck, Data: 7,
		Metadata: map[string]any{"tenant": "acme"},
		Steps: []chain.StepState{
			{Path: "a", Kind: "step", Compensation: true, State: chain.KindSucceeded, Attempts: 2, Undo: chain.KindCompensated, UndoOrder: 2, UndoAttempts: 1},
			{Path: "b", Kind: "async step", State: chain.KindSkipped},
			{Path: "c", Kind: "process", Compensation: true, State: chain.KindSucceeded, Undo: chain.KindCompensationFailed, UndoOrder: 1, UndoAttempts: 3, UndoError: no},
			{Path: "d", Kind: "parallel", State: chain.KindFailed, Error: no, Ending: chain.ByContext},
		},
		Trace: []chain.Event{{Time: at, Kind: chain.KindPlanStarted}, {Time: at, Kind: chain.KindPlanEnded, Message: "stuck"}},
	}
}

func TestRestoreGivesBackWhatSnapshotTook(t *testing.T) {
	want := good()
	exec, err := chain.Restore(want)
	require.NoError(t, err)
	require.Equal(t, want, exec.Snapshot())

	want.Metadata["tenant"], want.Trace[0].Message, want.Steps[0].Path = "changed", "changed", "changed"
	require.Equal(t, good(), exec.Snapshot(), "what was given in may be changed")
	got := exec.Snapshot()
	got.Metadata["tenant"], got.Trace[0].Message, got.Steps[0].Path = "changed", "changed", "changed"
	require.Equal(t, good(), exec.Snapshot(), "what was given out may be changed")
}

func TestRestoreOfAPendingOne(t *testing.T) {
	for _, id := range []string{"", "o-1"} {
		exec, err := chain.Restore(chain.NewExecutionContext(41, chain.WithID("o-1")).Snapshot())
		exec.ID = id
		require.NoError(t, err)
		out, err := runner.NewSync(chain.New[int]().Step("a", add(1)).MustBuild()).Resume(context.Background(), exec)
		require.NoError(t, err)
		require.Equal(t, 42, out.Context.Data)
		require.NotEmpty(t, exec.ID)
	}
}

func TestRestoreRefusesWhatNoExecutionIs(t *testing.T) {
	for want, spoil := range map[string]func(s *chain.Snapshot[int]){
		"version: unknown version 0, known are 1 to 1": func(s *chain.Snapshot[int]) { s.Version = 0 },
		"version: unknown version 2, known are 1 to 1": func(s *chain.Snapshot[int]) { s.Version = 2 },
		"id: is empty":                                                 func(s *chain.Snapshot[int]) { s.ID = "" },
		"id: is not valid UTF-8":                                       func(s *chain.Snapshot[int]) { s.ID = "o\xff" },
		"status: unknown status 8":                                     func(s *chain.Snapshot[int]) { s.Status = 8 },
		"steps: of an execution that has not begun":                    func(s *chain.Snapshot[int]) { s.Status = chain.Pending },
		"steps[1].path: is empty":                                      func(s *chain.Snapshot[int]) { s.Steps[1].Path = "" },
		`steps[1].path: "a" stands there twice`:                        func(s *chain.Snapshot[int]) { s.Steps[1].Path = "a" },
		`steps[0].kind: unknown kind "leap"`:                           func(s *chain.Snapshot[int]) { s.Steps[0].Kind = "leap" },
		`steps[0].kind: unknown kind "unknown kind"`:                   func(s *chain.Snapshot[int]) { s.Steps[0].Kind = "unknown kind" },
		`steps[0].state: "kind(0)" is no state of a step`:              func(s *chain.Snapshot[int]) { s.Steps[0].State = 0 },
		`steps[0].state: "started" is no state of a step`:              func(s *chain.Snapshot[int]) { s.Steps[0].State = chain.KindStarted },
		`steps[0].undo: "skipped" is no state of a compensation`:       func(s *chain.Snapshot[int]) { s.Steps[0].Undo = chain.KindSkipped },
		"steps[0].undo: of a step without a compensation":              func(s *chain.Snapshot[int]) { s.Steps[0].Compensation = false },
		"steps[0].undo: of a step that was skipped":                    func(s *chain.Snapshot[int]) { s.Steps[0].State = chain.KindSkipped },
		"steps[0].error: must be there if and only if the step failed": func(s *chain.Snapshot[int]) { s.Steps[0].Error = &chain.StoredError{} },
		"steps[3].error: must be there if and only if the step failed": func(s *chain.Snapshot[int]) { s.Steps[3].Error = nil },
		"steps[0].undo_error: must be there if and only if the undo failed": func(s *chain.Snapshot[int]) {
			s.Steps[0].UndoError = &chain.StoredError{}
		},
		"steps[2].undo_error: must be there if and only if the undo failed": func(s *chain.Snapshot[int]) { s.Steps[2].UndoError = nil },
		"steps[0].undo_order: must be there, counted from 1, if and only if an undo has ended": func(s *chain.Snapshot[int]) {
			s.Steps[0].UndoOrder = 0
		},
		"steps[1].undo_order: must be there, counted from 1, if and only if an undo has ended": func(s *chain.Snapshot[int]) {
			s.Steps[1].UndoOrder = 3
		},
		"steps[2].undo_order: 2 stands there twice":    func(s *chain.Snapshot[int]) { s.Steps[2].UndoOrder = 2 },
		"steps[0].attempts: is negative":               func(s *chain.Snapshot[int]) { s.Steps[0].Attempts = -1 },
		"steps[0].undo_attempts: is negative":          func(s *chain.Snapshot[int]) { s.Steps[0].UndoAttempts = -1 },
		"steps[0].attempts: is missing":                func(s *chain.Snapshot[int]) { s.Steps[0].Attempts = 0 },
		"steps[0].ending: of a step that did not fail": func(s *chain.Snapshot[int]) { s.Steps[0].Ending = chain.ByContext },
		"steps[3].ending: of a step that did not fail": func(s *chain.Snapshot[int]) { s.Steps[3].Ending = 3 },
		"trace[1].kind: unknown kind 0":                func(s *chain.Snapshot[int]) { s.Trace[1].Kind = 0 },
		"trace[1].kind: unknown kind 12":               func(s *chain.Snapshot[int]) { s.Trace[1].Kind = 12 },
		"trace[1].time: is missing":                    func(s *chain.Snapshot[int]) { s.Trace[1].Time = time.Time{} },
		"trace[1].attempt: is negative":                func(s *chain.Snapshot[int]) { s.Trace[1].Attempt = -1 },
		"trace[1].phase: unknown phase 2":              func(s *chain.Snapshot[int]) { s.Trace[1].Phase = 2 },
	} {
		t.Run(want, func(t *testing.T) {
			s := good()
			spoil(&s)
			exec, err := chain.Restore(s)
			require.EqualError(t, err, "taskchain: restore: "+want)
			require.Nil(t, exec)
			_, err = chain.EncodeSnapshot(s)
			require.EqualError(t, err, "taskchain: encode: "+want, "what could not be read is not written")
		})
	}
}

// The user's function for the texts of errors sees an error once, and never a
// text that it has made.
func TestStoredTextsAreNotRedactedTwice(t *testing.T) {
	redact := runner.WithErrorText(func(err error) string { return "<" + err.Error() + ">" })
	plan := chain.New[int]().
		Step("a", add(1)).Compensate(fail).
		Process("p", chain.New[int]().Step("x", fail)).
		OnFailure(policy.Compensate).
		MustBuild()
	out, err := runner.NewSync(plan, redact).Run(context.Background(), 0)
	require.ErrorIs(t, err, errNo)
	first := out.Context.Snapshot().Steps
	for range 3 {
		doc, err := chain.EncodeSnapshot(out.Context.Snapshot())
		require.NoError(t, err)
		s, err := chain.DecodeSnapshot[int](doc, true)
		require.NoError(t, err)
		exec, err := chain.Restore(s)
		require.NoError(t, err)
		require.Equal(t, first, exec.Snapshot().Steps)
		out, err = runner.NewSync(plan, redact).Resume(context.Background(), exec)
		require.Error(t, err)
		for i, state := range out.Context.Snapshot().Steps {
			require.Equal(t, first[i].Error, state.Error)
			require.Equal(t, first[i].UndoError, state.UndoError)
		}
	}
	require.Equal(t, "<no>", first[0].UndoError.Text)
	require.Equal(t, "<no>", first[1].Error.Text)
	require.Equal(t, "<no>", first[2].Error.Text)
}

func TestFailuresOfARestoredExecution(t *testing.T) {
	plan := chain.New[int]().
		Step("a", fail).Retry(policy.Fixed(3, 0)).
		Process("p", chain.New[int]().Step("x", func(context.Context, *int) error { return fmt.Errorf("x: %w", chain.ErrTimeout) })).
		Step("b", chain.Do(func(ctx context.Context, exec *chain.ExecutionContext[int]) error {
			if exec.Data++; exec.Data == 1 {
				return errNo
			}
			return nil
		})).
		OnFailure(policy.Continue).
		MustBuild()
	ctx, cancel := context.WithCancel(context.Background())
	out, err := runner.NewSync(plan, runner.WithObserver(func(_ context.Context, e chain.Event) {
		if short(e) == "started b" {
			cancel()
		}
	})).Run(ctx, 0)
	require.Equal(t, chain.Aborted, out.Status)
	require.ErrorIs(t, err, context.Canceled)

	exec, err := chain.Restore(out.Context.Snapshot())
	require.NoError(t, err)
	out, err = runner.NewSync(plan).Resume(context.Background(), exec)
	require.Equal(t, chain.Partial, out.Status)
	require.ErrorIs(t, err, chain.ErrTimeout)
	require.NotErrorIs(t, err, context.Canceled)
	require.EqualError(t, errors.Join(out.Failures[0], out.Failures[1]), `step "a" failed after 3 attempts: no`+"\n"+`step "p/x" failed: x: timeout`)
	require.Len(t, out.Failures, 2)
}
