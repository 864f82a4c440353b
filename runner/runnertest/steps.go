package runnertest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// The steps of the cases. Each notes its calls in the state, as "what" or, in a
// branch, as "lane:what".

type step = builder.StepFunc[State]

// steps is the begin of a plan or fragment.
func steps() builder.Builder[State] { return chain.New[State]() }

func put(s *State, what string) (lane, note string) {
	lane, note, inBranch := strings.Cut(what, ":")
	if !inBranch {
		lane, note = "", what
	}
	s.note(lane, note)
	return lane, note
}

// does notes that it ran.
func does(what string) step { return fails(what, nil) }

// fails notes it and fails.
func fails(what string, err error) step {
	return func(_ context.Context, s *State) error { put(s, what); return err }
}

// failsFirst fails on its first n calls. It counts them in the state, and so
// knows them in every process.
func failsFirst(n int, what string, err error) step {
	return func(_ context.Context, s *State) error {
		if s.count(put(s, what)) <= n {
			return err
		}
		return nil
	}
}

// waits notes it and waits for the end of its context.
func waits(what string) step {
	return func(ctx context.Context, s *State) error {
		put(s, what)
		return ended(ctx)
	}
}

var errNotEnded = errors.New("the context of the step should have ended")

// patience is what a step has with a runner that never ends its context.
const patience = 30 * time.Second

// ended waits for the end of ctx, and returns what ended it.
func ended(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(patience):
		return errNotEnded
	}
}

// sleeps takes its time, whatever its context says, and then notes it.
func sleeps(d time.Duration, what string) step {
	return func(_ context.Context, s *State) error {
		time.Sleep(d)
		put(s, what)
		return nil
	}
}

// A signal lets one branch wait for another, together or in order.
type signal chan struct{}

// then gives the signal when the step is done, first when it begins.
func (c signal) then(do step) step {
	return func(ctx context.Context, s *State) error { defer close(c); return do(ctx, s) }
}

func (c signal) first(do step) step {
	return func(ctx context.Context, s *State) error { close(c); return do(ctx, s) }
}

// before is a step that waits for the signal.
func (c signal) before(do step) step {
	return func(ctx context.Context, s *State) error {
		select {
		case <-c:
		case <-time.After(patience):
		}
		return do(ctx, s)
	}
}

// thenCancels does its work, ends the caller's context with errCancelled, and
// waits until that has come through.
func thenCancels(cancel context.CancelCauseFunc, do step) step {
	return func(ctx context.Context, s *State) error {
		err := do(ctx, s)
		cancel(errCancelled)
		if ended(ctx) == errNotEnded {
			return errNotEnded
		}
		return err
	}
}

func never(context.Context, *State) bool { return false }
