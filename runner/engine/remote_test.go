package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/engine"
	"github.com/taskchain-go/taskchain/runner/runnertest"
)

// far is a Remote whose other end is in the same process: the data goes there and
// back as bytes. It is a runner as well.
type far[T any] struct {
	engine.Local
	plan    *builder.Plan[T]
	options engine.Options
	exec    *chain.ExecutionContext[json.RawMessage]
	join    error // what Join says
	full    int   // after so many calls, and then again, the execution stops and is continued
	calls   int
	stops   bool

	deadlines map[int]time.Time
}

// stop tells whether the execution stops here.
func (f *far[T]) stop() bool {
	f.calls++
	f.stops = f.stops || f.full > 0 && f.calls > f.full
	return f.stops
}

var errFull = errors.New("full")

func (f *far[T]) Run(ctx context.Context, data T) (chain.Outcome[T], error) {
	exec := &chain.ExecutionContext[T]{Data: data}
	return f.Resume(ctx, exec)
}

func (f *far[T]) Resume(ctx context.Context, exec *chain.ExecutionContext[T]) (chain.Outcome[T], error) {
	doc, err := codec.Marshal(exec)
	if err != nil {
		return chain.Outcome[T]{}, err
	}
	h := &far[T]{Local: engine.Local{Start: time.Now().UTC()}, plan: f.plan, options: f.options, join: f.join, full: f.full, deadlines: map[int]time.Time{}}
	h.options.Observers = steadfast(f.options.Observers)
	for again := false; ; again = true {
		if h.exec, err = codec.Unmarshal[json.RawMessage](doc); err != nil {
			return chain.Outcome[T]{}, err
		}
		program := engine.CompileSteps(f.plan.Name(), f.plan.Fingerprint(), stepsOf(f.plan), engine.Options{Observers: h.options.Observers})
		x, err := engine.Begin(ctx, program, h.exec, h, h.Start)
		if err != nil {
			return chain.Outcome[T]{Status: exec.Status(), Context: exec}, err
		}
		if again {
			x.Continue()
		}
		x.Drive()
		_, err = engine.Outcome(x, h.exec)
		h.calls, h.stops = 0, false
		if doc, _ = codec.Marshal(h.exec); !errors.Is(err, errFull) {
			break
		}
	}
	read, err := codec.Unmarshal[T](doc)
	if err != nil {
		return chain.Outcome[T]{}, err
	}
	exec.Replace(read)
	return exec.Outcome()
}

// steadfast observers that have panicked are not asked again, whatever run it is.
func steadfast(observers []func(context.Context, chain.Event)) []func(context.Context, chain.Event) {
	all := make([]func(context.Context, chain.Event), len(observers))
	for i, observe := range observers {
		fallen := false
		all[i] = func(ctx context.Context, e chain.Event) {
			if !fallen {
				fallen = true
				observe(ctx, e)
				fallen = false
			}
		}
	}
	return all
}

func stepsOf[T any](plan *builder.Plan[T]) []builder.Step {
	steps := []builder.Step{plan.Root()}
	for s := range plan.Steps() {
		s.Retry, s.CompensationRetry = policy.Retry{}, policy.Retry{} // which are known at the other end
		steps = append(steps, s)
	}
	return steps
}

func (f *far[T]) Make(ctx context.Context, s *builder.Step, phase chain.Phase, before engine.Made) engine.Made {
	if f.stop() {
		return engine.Made{Halt: errFull}
	}
	info, _ := chain.StepFrom(ctx)
	n, exec, part := f.there(ctx, func(x *engine.Execution, ctx context.Context) {
		x.DriveStep(ctx, s.Index, phase, before, chain.StoreError(info.Cause).Err())
	})
	f.exec.Data, _ = json.Marshal(exec.Data)
	made := engine.Made{Attempts: before.Attempts, Err: part.Failed.Err(), Again: part.Halt != nil, Wait: n.wait, Trace: exec.Trace()}
	for _, e := range made.Trace {
		made.Attempts = max(made.Attempts, e.Attempt)
	}
	return made
}

func (f *far[T]) Ask(ctx context.Context, s *builder.Step) (bool, error) {
	if f.stops { // it does not begin here: what follows on the answer has to be possible
		return false, &engine.Halt{Err: errFull}
	}
	_, _, part := f.there(ctx, func(x *engine.Execution, ctx context.Context) { x.DriveCondition(ctx, s.Index) })
	return part.Holds, part.Failed.Err()
}

// there drives a part of the execution at the other end.
func (f *far[T]) there(ctx context.Context, drive func(*engine.Execution, context.Context)) (*near[T], *chain.ExecutionContext[T], engine.Part) {
	var data T
	if err := json.Unmarshal(f.exec.Data, &data); err != nil {
		panic(err)
	}
	exec := chain.NewExecutionContext(data, chain.WithID(f.exec.ID))
	host := &near[T]{Local: engine.Local{Start: time.Now()}, plan: f.plan, exec: exec}
	options := f.options
	options.Observers = nil
	x, err := engine.Begin(context.Background(), engine.Compile(f.plan, options), exec, host, host.Start)
	if err != nil {
		panic(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		drive(x, ctx)
	}()
	<-done
	return host, exec, x.Part()
}

func (f *far[T]) WithTimeout(ctx context.Context, s *builder.Step, late error) (context.Context, context.CancelFunc) {
	if _, ok := f.deadlines[s.Index]; !ok {
		f.deadlines[s.Index] = time.Now().Add(s.Within)
	}
	ctx, cancel := context.WithDeadlineCause(ctx, f.deadlines[s.Index], late)
	return ctx, func() {
		cancel()
		if !f.stops {
			delete(f.deadlines, s.Index)
		}
	}
}

// Sleep may stop as well, and leaves the rest of the delay for later.
func (f *far[T]) Sleep(ctx context.Context, d time.Duration) error {
	if f.stop() {
		return &engine.Halt{Err: errFull}
	}
	return f.Local.Sleep(ctx, d)
}

// Branches runs them in order, and leaves out what would only stop.
func (f *far[T]) Branches(n int, run func(i int)) {
	for i := 0; i < n && !f.stops; i++ {
		run(i)
	}
}

func (f *far[T]) Branch(ctx context.Context, _ *builder.Step) context.Context { return ctx }

func (f *far[T]) Join(context.Context, *builder.Step) error                 { return f.join }
func (f *far[T]) Attempt(context.Context, *builder.Step, chain.Phase) error { panic("not here") }
func (f *far[T]) Condition(context.Context, *builder.Step) bool             { panic("not here") }

// near is the host at the other end.
type near[T any] struct {
	engine.Local
	plan *builder.Plan[T]
	exec *chain.ExecutionContext[T]
	wait time.Duration
}

func (n *near[T]) Attempt(ctx context.Context, s *builder.Step, phase chain.Phase) error {
	f := n.plan.Funcs(s.Index)
	do := f.Do
	switch {
	case phase == chain.Compensation && f.StartUndo != nil:
		do = engine.Await(f.StartUndo)
	case phase == chain.Compensation:
		do = f.Undo
	case f.Start != nil:
		do = engine.Await(f.Start)
	}
	return do(ctx, &n.exec.Data)
}

func (n *near[T]) Condition(ctx context.Context, s *builder.Step) bool {
	return n.plan.Funcs(s.Index).When(ctx, &n.exec.Data)
}

// Sleep leaves every wait to the Remote.
func (n *near[T]) Sleep(_ context.Context, d time.Duration) error {
	n.wait = d
	return &engine.Halt{Err: errors.New("later")}
}

// The rules hold where all attempts are made elsewhere, also in an execution that
// stops and is continued all the time.
func TestRemote(t *testing.T) {
	for name, full := range map[string]int{"in one go": 0, "continued": 1, "continued at times": 3} {
		t.Run(name, func(t *testing.T) {
			runnertest.Run(t, func(plan *builder.Plan[runnertest.State], opts ...runner.Option) runner.Runner[runnertest.State] {
				options, err := runner.EngineOptions(opts...)
				require.NoError(t, err)
				return &far[runnertest.State]{plan: plan, options: options, full: full}
			}, runnertest.AsyncSteps, runnertest.Resumes, runnertest.Returns, runnertest.Remote)
		})
	}
}

// What can't be merged fails the Parallel, besides what failed in it.
func TestBranchesThatCantBeJoined(t *testing.T) {
	for name, tt := range map[string]struct {
		x      builder.StepFunc[state]
		failed string
	}{
		"all else succeeded": {ok, "p"},
		"one failed":         {func(context.Context, *state) error { return errors.New("boom") }, "p/x"},
	} {
		t.Run(name, func(t *testing.T) {
			plan := chain.New[state]().
				Step("a", ok).Compensate(ok).
				Parallel("p", chain.New[state]().Step("x", tt.x).Step("y", ok)).
				OnFailure(policy.Compensate).MustBuild()
			out, err := (&far[state]{plan: plan, join: errors.New("set differently")}).Run(t.Context(), state{})
			require.Equal(t, chain.Compensated, out.Status)
			require.Equal(t, tt.failed, out.Failures[0].Path)
			require.Contains(t, out.Context.Trace().String(), "set differently")
			require.Equal(t, []string{"a"}, out.Context.Compensated())
			require.Error(t, err)
		})
	}
}

// Time that passes between attempts counts for the policy, wherever they are made.
func TestARetryThatIsWaitedForElsewhere(t *testing.T) {
	type key struct{}
	plan := chain.New[state]().
		Step("a", func(ctx context.Context, s *state) error {
			info, _ := chain.StepFrom(ctx)
			exec, _ := chain.FromContext[state](ctx)
			exec.Log(0, "here")
			s.Steps = append(s.Steps, info.Path)
			return errors.New("boom")
		}).Retry(policy.Exponential(4, 4*time.Millisecond)).MustBuild()
	out, err := (&far[state]{plan: plan}).Run(context.WithValue(t.Context(), key{}, 1), state{})
	require.ErrorContains(t, err, "boom")
	require.Equal(t, 4, out.Failures[0].Attempts)
	require.Len(t, out.Context.Data.Steps, 4)
	var delays []time.Duration
	logged := 0
	for _, e := range out.Context.Trace() {
		if e.Kind == chain.KindRetrying {
			delays = append(delays, e.Delay)
		}
		if e.Kind == chain.KindLog {
			logged++
			require.Equal(t, "a", e.Path)
		}
	}
	require.Equal(t, []time.Duration{4 * time.Millisecond, 8 * time.Millisecond, 16 * time.Millisecond}, delays)
	require.Equal(t, 4, logged)

	plan = chain.New[state]().Step("a", func(context.Context, *state) error { return errors.New("boom") }).
		Retry(policy.Fixed(1000, 5*time.Millisecond).MaxElapsed(20 * time.Millisecond)).MustBuild()
	out, _ = (&far[state]{plan: plan}).Run(t.Context(), state{})
	require.Less(t, out.Failures[0].Attempts, 6)
}
