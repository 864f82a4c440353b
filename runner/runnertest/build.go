package runnertest

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

var (
	errBoom      = errors.New("boom")
	errBust      = errors.New("bust")
	errCancelled = errors.New("cancelled on the way")
)

// A stage is what the functions of a plan share with the test besides the state:
// the means to cancel, and the time.
type stage struct {
	cancel context.CancelCauseFunc
	begin  time.Time
	slot   time.Duration
}

// await lets a step's time come. Each step of a plan has a time of its own, in
// the order of the plan, so that branches that run together still do their work
// in a known order: what each did before another failed is then no accident.
// Time is a bubble's, so nobody waits.
func (s *stage) await(index int) {
	if s.slot > 0 {
		time.Sleep(time.Until(s.begin.Add(time.Duration(index) * s.slot)))
	}
}

// plan builds the plan that a spec describes.
func (s *spec) plan(on *stage) (*builder.Plan[State], error) {
	b := building{on: on}
	return b.level(&s.level, "", "", false).Build()
}

// state is the data to begin with.
func (s *spec) state() State {
	state := newState()
	s.walk(func(_ *node, _, lane string) { state.Lanes[lane] = &Lane{} })
	return state
}

type building struct {
	on    *stage
	index int // of the latest step
}

func (b *building) level(l *level, at, lane string, branches bool) builder.Builder[State] {
	steps := chain.New[State]()
	for i := range l.Steps {
		n := &l.Steps[i]
		path, lane := at+n.Name, lane
		if branches {
			lane = path
		}
		b.index++
		steps = b.node(steps, n, doing{b.on, b.index, path, lane}).Builder
	}
	if l.OnFailure != unstated {
		steps = steps.OnFailure(l.OnFailure.policy())
	}
	return steps
}

func (b *building) node(to builder.Builder[State], n *node, d doing) builder.StepBuilder[State] {
	var s builder.StepBuilder[State]
	switch do := d.does(&n.work, d.path); {
	case n.Shape == process:
		s = to.Process(n.Name, b.level(&n.Inside, d.path+"/", d.lane, false))
	case n.Shape == parallel:
		s = to.Parallel(n.Name, b.level(&n.Inside, d.path+"/", d.lane, true))
	case n.Async:
		s = to.AsyncStep(n.Name, async(do))
	default:
		s = to.Step(n.Name, do)
	}
	if n.Retry.Attempts > 0 {
		s = s.Retry(n.Retry.policy())
	}
	if n.When != always {
		s = s.When(d.when(n.When))
	}
	if n.Undo == nil {
		return s
	}
	if undo := d.does(n.Undo, "undo "+d.path); n.Async {
		s = s.CompensateAsync(async(undo))
	} else {
		s = s.Compensate(undo)
	}
	if n.Undo.Retry.Attempts > 0 {
		s = s.RetryCompensation(n.Undo.Retry.policy())
	}
	if n.CompensateOnFailure {
		s = s.CompensateOnFailure()
	}
	return s
}

// doing makes the functions of one step.
type doing struct {
	on         *stage
	index      int
	path, lane string
}

// does is the function that notes its call and does what the work says.
func (d doing) does(w *work, note string) builder.StepFunc[State] {
	return func(ctx context.Context, state *State) error {
		d.on.await(d.index)
		if err := ctx.Err(); err != nil { // while it waited for its time
			return err
		}
		state.note(d.lane, note)
		switch w.act(state.count(d.lane, note)) {
		case boom:
			return errBoom
		case bust:
			return errBust
		case forGood:
			return policy.Permanent(errors.New(forGood.text()))
		case panics:
			panic(panics.text())
		case exits:
			runtime.Goexit()
		case cancels:
			d.cancel(ctx)
		case cancelled:
			d.cancel(ctx)
			return errCancelled
		}
		return nil
	}
}

// cancel ends the caller's context, and waits until that has come through to the
// step. A compensation's never ends.
func (d doing) cancel(ctx context.Context) {
	d.on.cancel(errCancelled)
	if info, _ := chain.StepFrom(ctx); info.Phase == chain.Forward {
		_ = ended(ctx)
	}
}

func (d doing) when(c condition) func(context.Context, *State) bool {
	return func(_ context.Context, state *State) bool {
		d.on.await(d.index)
		switch c {
		case panicsWhen:
			panic(panics.text())
		case fresh:
			return state.untouched(d.lane, d.path)
		}
		return c == yes
	}
}

// async makes a function start work in the background. What would end the
// goroutine of the work is done before it starts.
func async(do builder.StepFunc[State]) builder.AsyncFunc[State] {
	return func(ctx context.Context, state *State) <-chan error {
		result := make(chan error, 1)
		go func() { result <- do(ctx, state) }()
		return result
	}
}

func (r retry) policy() policy.Retry {
	p := policy.Fixed(r.Attempts, 0)
	if len(r.RetryOn) > 0 {
		p = p.RetryOn(matches(r.RetryOn)...)
	}
	if len(r.GiveUps) > 0 {
		p = p.GiveUpOn(matches(r.GiveUps)...)
	}
	return p
}

func matches(acts []act) []policy.Match {
	all := make([]policy.Match, len(acts))
	for i, a := range acts {
		switch a {
		case boom:
			all[i] = policy.Is(errBoom)
		case bust:
			all[i] = policy.Is(errBust)
		default:
			all[i] = policy.As[*chain.PanicError]()
		}
	}
	return all
}
