package chain_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

var errDeclined = errors.New("declined")

// declined is an error with a type of its own.
type declined struct{ code int }

func (e *declined) Error() string { return fmt.Sprintf("declined with %d", e.code) }

// rude is an error none of whose methods can be called.
type rude struct{}

func (rude) Error() string   { panic("not now") }
func (rude) Is(error) bool   { panic("nor this") }
func (rude) Unwrap() []error { panic("nor that") }

func TestErrTimeoutMatchesDeadlineExceeded(t *testing.T) {
	require.ErrorIs(t, chain.ErrTimeout, chain.ErrTimeout)
	require.ErrorIs(t, chain.ErrTimeout, context.DeadlineExceeded)
	require.NotErrorIs(t, chain.ErrTimeout, context.Canceled)
	require.NotErrorIs(t, context.DeadlineExceeded, chain.ErrTimeout)
	require.EqualError(t, chain.ErrTimeout, "timeout")

	var timeout interface{ Timeout() bool } // as package net has it
	require.ErrorAs(t, chain.ErrTimeout, &timeout)
	require.True(t, timeout.Timeout())
}

func TestStepErrorText(t *testing.T) {
	for want, err := range map[string]*chain.StepError{
		`step "charge" failed: declined`:                                              {Path: "charge", Attempts: 1, Err: errDeclined},
		`step "charge" failed after 3 attempts: declined`:                             {Path: "charge", Attempts: 3, Err: errDeclined},
		`step "fulfil/ship" did not begin: declined`:                                  {Path: "fulfil/ship", Err: errDeclined},
		`compensation of step "charge" failed: declined`:                              {Path: "charge", Phase: chain.Compensation, Attempts: 1, Err: errDeclined},
		`compensation of step "charge" failed after 2 attempts: declined`:             {Path: "charge", Phase: chain.Compensation, Attempts: 2, Err: errDeclined},
		`step "charge" failed: chain_test.rude, whose Error method panicked: not now`: {Path: "charge", Attempts: 1, Err: rude{}},
		`step "" did not begin`:                                                       {},
	} {
		require.EqualError(t, err, want)
	}
}

func TestPanicError(t *testing.T) {
	require.EqualError(t, &chain.PanicError{Value: "oh"}, "panic: oh")
	require.EqualError(t, &chain.PanicError{}, "panic: <nil>")
	require.NoError(t, errors.Unwrap(&chain.PanicError{Value: "oh"}))
	require.ErrorIs(t, &chain.PanicError{Value: errDeclined}, errDeclined)
	require.False(t, (&chain.PanicError{}).Retryable())
	require.NotPanics(t, func() { _ = (&chain.PanicError{Value: rude{}}).Error() })
}

func TestExecutionErrorText(t *testing.T) {
	charge := &chain.StepError{Path: "charge", Attempts: 3, Err: errDeclined}
	release := &chain.StepError{Path: "reserve", Phase: chain.Compensation, Attempts: 1, Err: rude{}}

	require.EqualError(t, &chain.ExecutionError{ID: "o-1", Status: chain.Aborted, Failures: []*chain.StepError{charge}},
		`taskchain: execution o-1 aborted: step "charge" failed after 3 attempts: declined`)
	require.EqualError(t,
		&chain.ExecutionError{
			Plan: "checkout", ID: "o-1", Status: chain.Stuck,
			Failures: []*chain.StepError{charge}, CompensationFailures: []*chain.StepError{release},
		},
		`taskchain: plan "checkout": execution o-1 stuck: step "charge" failed after 3 attempts: declined; `+
			`compensation of step "reserve" failed: chain_test.rude, whose Error method panicked: not now`)
	require.EqualError(t, &chain.ExecutionError{ID: "o-1", Status: chain.Stuck}, "taskchain: execution o-1 stuck")
}

func TestErrorsReachTheUsersOwn(t *testing.T) {
	plan := chain.New[int]().
		Step("a", func(context.Context, *int) error { return nil }).
		Compensate(func(context.Context, *int) error { return fmt.Errorf("undo: %w", errDeclined) }).
		Process("p", chain.New[int]().
			Step("b", func(context.Context, *int) error { return fmt.Errorf("do: %w", &declined{402}) })).
		OnFailure(policy.Compensate).
		MustBuild()

	out, err := runner.NewSync(plan).Run(context.Background(), 0)
	require.Equal(t, chain.Stuck, out.Status)
	require.ErrorIs(t, err, errDeclined)

	var own *declined
	require.ErrorAs(t, err, &own)
	require.Equal(t, 402, own.code)

	var step *chain.StepError
	require.ErrorAs(t, err, &step, "the first is the failure, not the compensation's")
	require.Equal(t, "p/b", step.Path)

	var execution *chain.ExecutionError
	require.ErrorAs(t, err, &execution)
	require.Equal(t, out.Failures, execution.Failures)
	require.Equal(t, out.CompensationFailures, execution.CompensationFailures)
}

// stored runs a plan of one failing step, sends the execution through JSON, and
// returns what a compensation of the resumed one gets for its cause.
func stored(t *testing.T, fail builder.StepFunc[int], decorate ...func(builder.StepBuilder[int]) builder.StepBuilder[int]) (cause error) {
	t.Helper()
	step := chain.New[int]().
		Step("a", func(context.Context, *int) error { return nil }).
		Compensate(func(ctx context.Context, _ *int) error {
			info, _ := chain.StepFrom(ctx)
			cause = info.Cause
			return errors.New("not yet") // so that there is something to resume
		}).
		Step("b", fail)
	for _, d := range decorate {
		step = d(step)
	}
	plan := step.OnFailure(policy.Compensate).MustBuild()

	finished := make(chan chain.Outcome[int], 1)
	go func() { // which a Goexit ends
		runner.NewSync(plan, runner.WithObserver(func(ctx context.Context, e chain.Event) {
			if e.Kind == chain.KindPlanEnded {
				exec, _ := chain.FromContext[int](ctx)
				finished <- chain.Outcome[int]{Context: exec}
			}
		})).Run(context.Background(), 0) //nolint:errcheck // what it is, is in the trace
	}()
	out := <-finished
	live := cause
	cause = nil

	doc, err := codec.Marshal(out.Context)
	require.NoError(t, err)
	exec, err := codec.Unmarshal[int](doc)
	require.NoError(t, err)
	_, err = runner.NewSync(plan).Resume(context.Background(), exec)
	require.Error(t, err)
	require.EqualError(t, cause, live.Error(), "the text is the same as before it was stored")
	return cause
}

func TestStoredErrorsMatchByCode(t *testing.T) {
	returns := func(err error) builder.StepFunc[int] {
		return func(context.Context, *int) error { return err }
	}
	for name, test := range map[string]struct {
		fail    builder.StepFunc[int]
		is, not []error
	}{
		"the user's own": {returns(errDeclined), nil, []error{errDeclined, chain.ErrTimeout, context.Canceled}},
		"canceled":       {returns(fmt.Errorf("call: %w", context.Canceled)), []error{context.Canceled}, []error{chain.ErrTimeout}},
		"and one stored": {returns(errors.Join((&chain.StoredError{Text: "boom"}).Err(), context.Canceled)), []error{context.Canceled}, []error{chain.ErrTimeout}},
		"deadline":       {returns(context.DeadlineExceeded), []error{context.DeadlineExceeded}, []error{chain.ErrTimeout}},
		"timeout":        {returns(chain.ErrTimeout), []error{chain.ErrTimeout, context.DeadlineExceeded}, []error{context.Canceled}},
		"async":          {returns(chain.ErrAsync), []error{chain.ErrAsync}, []error{chain.ErrFinished}},
		"plan changed":   {returns(chain.ErrPlanChanged), []error{chain.ErrPlanChanged}, []error{chain.ErrFinished}},
		"finished":       {returns(chain.ErrFinished), []error{chain.ErrFinished}, []error{chain.ErrPlanChanged}},
		"goexit":         {func(context.Context, *int) error { runtime.Goexit(); return nil }, []error{chain.ErrGoexit}, []error{chain.ErrTimeout}},
		"panic":          {func(context.Context, *int) error { panic("oh") }, nil, []error{chain.ErrGoexit}},
		"rude":           {returns(rude{}), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cause := stored(t, test.fail)
			for _, target := range test.is {
				require.ErrorIs(t, cause, target)
			}
			for _, target := range test.not {
				require.NotErrorIs(t, cause, target)
			}
			var step *chain.StepError
			require.ErrorAs(t, cause, &step)
			require.Equal(t, "b", step.Path)
		})
	}
}

func TestStoredAttemptTimeoutMatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := stored(t, func(ctx context.Context, _ *int) error {
			<-ctx.Done()
			return ctx.Err()
		}, func(s builder.StepBuilder[int]) builder.StepBuilder[int] { return s.Timeout(time.Second) })
		require.ErrorIs(t, cause, chain.ErrTimeout)
		require.ErrorContains(t, cause, "timeout: the attempt took longer than 1s")
	})
}

func TestStoredPanicIsNotRetryable(t *testing.T) {
	all := policy.Fixed(5, 0)
	for name, test := range map[string]struct {
		fail  builder.StepFunc[int]
		retry bool
	}{
		"panic":  {func(context.Context, *int) error { panic(errDeclined) }, false},
		"goexit": {func(context.Context, *int) error { runtime.Goexit(); return nil }, false},
		"error":  {func(context.Context, *int) error { return errDeclined }, true},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.retry, all.ShouldRetry(1, stored(t, test.fail)))
		})
	}
}

func TestStoredErrorsOfAProcessNameTheStepInside(t *testing.T) {
	var causes []string
	undo := func(ctx context.Context, _ *int) error {
		info, _ := chain.StepFrom(ctx)
		causes = append(causes, info.Cause.Error())
		return errors.New("not yet")
	}
	plan := chain.New[int]().
		Step("a", func(context.Context, *int) error { return nil }).Compensate(undo).
		Process("p", chain.New[int]().Process("q", chain.New[int]().
			Step("b", func(context.Context, *int) error { return errDeclined }))).
		OnFailure(policy.Compensate).
		MustBuild()
	out, err := runner.NewSync(plan).Run(context.Background(), 0)
	require.Error(t, err)
	doc, err := codec.Marshal(out.Context)
	require.NoError(t, err)
	exec, err := codec.Unmarshal[int](doc)
	require.NoError(t, err)
	_, err = runner.NewSync(plan).Resume(context.Background(), exec)
	require.Error(t, err)
	require.Equal(t, []string{`step "p/q/b" failed: declined`, `step "p/q/b" failed: declined`}, causes)
}
