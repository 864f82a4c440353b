package engine

import (
	"context"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// A Remote is a Host that has no functions of the user's: attempts are made
// elsewhere, by DriveStep there, time is not this process's, and each branch of
// a Parallel has a copy of the data. No other goroutine is started on a Remote,
// no clock is read but its Now, and what ends the goroutine that drives the
// execution ends that as well: it can be replayed. Its Attempt and Condition are
// not called.
type Remote interface {
	// Make has attempts at a step, or at its compensation, made elsewhere, on
	// from what earlier calls have made, and returns when there is an end, or a
	// wait before the next attempt. If ctx ends meanwhile, so must the
	// attempt's.
	Make(ctx context.Context, s *builder.Step, phase chain.Phase, before Made) Made

	// Ask asks the step's When elsewhere. A *Halt stops the execution where it
	// stands.
	Ask(ctx context.Context, s *builder.Step) (holds bool, err error)

	// WithTimeout is context.WithTimeoutCause with s.Within.
	WithTimeout(ctx context.Context, s *builder.Step, late error) (context.Context, context.CancelFunc)

	// Branch gives a branch of a Parallel its copy of the data, and the context
	// by which Make finds it. All branches of one have theirs before the
	// Host's Branches is called.
	Branch(ctx context.Context, top *builder.Step) context.Context

	// Join merges what the branches of p have changed. An error, such as that
	// two of them have set the same part differently, is a failure of p.
	Join(ctx context.Context, p *builder.Step) error
}

// Made is what attempts made elsewhere have come to.
type Made struct {
	Attempts int           // all that have begun so far
	Elapsed  time.Duration // since the first of them began
	Err      error         // of the last; nil: it has succeeded, or there was none
	Again    bool          // another is to follow, after Wait
	Wait     time.Duration
	Trace    []chain.Event // of this call's
	Halt     error         // not an end: the execution stops where it stands
}

// elsewhere has the attempts at a step, or at its compensation, made in another
// process, and records what that tells of them.
func (w *walker) elsewhere(ctx *chain.Scope, s *builder.Step, phase chain.Phase) *failure {
	made, began := w.carriedOn(s, phase)
	if w.x.resumed {
		if f := w.waitOn(ctx, s, phase, made); f != nil {
			return f
		}
	}
	if halt := w.commit(); halt != nil {
		return &failure{halt: halt}
	}
	for {
		if ctx.Err() != nil {
			return w.fail(ctx, s, phase, made.Attempts, made.Err)
		}
		w.flush()
		if made.Attempts == 0 {
			began = w.at
		} else {
			made.Elapsed = w.at - began
		}
		frame := w.frame()
		frame.Set(ctx, s.Index, phase, made.Attempts+1)
		made = w.x.remote.Make(frame, s, phase, made)
		w.tell(s, phase, made.Trace)
		if phase == chain.Forward && made.Attempts > 0 {
			w.attempts++
		}
		switch {
		case made.Halt != nil:
			return &failure{halt: made.Halt}
		case made.Again && made.Wait == 0:
		case made.Again:
			if f := w.sleep(ctx, s, phase, made.Attempts, made.Err, made.Wait); f != nil {
				return f
			}
		case made.Err != nil:
			return w.fail(ctx, s, phase, made.Attempts, made.Err)
		default:
			w.keep(chain.NewRecord(w.at, succeeds(phase), s.Index, phase, made.Attempts))
			return nil
		}
	}
}

// carriedOn is what the attempts at a step had come to in the run that this one
// continues, and when they began.
func (w *walker) carriedOn(s *builder.Step, phase chain.Phase) (made Made, began time.Duration) {
	if !w.x.continued {
		return Made{}, 0
	}
	attempts, since, err := w.recorder().Left(s.Index, phase)
	if attempts > 0 && phase == chain.Forward {
		w.attempts++
	}
	return Made{Attempts: attempts, Err: err}, since
}

// tell records the attempts that were made elsewhere. How they ended for good is
// recorded here as it is for others. Another machine's clock may differ: what it
// tells of lies between the last boundary and now.
func (w *walker) tell(s *builder.Step, phase chain.Phase, trace []chain.Event) {
	at := w.at
	w.at = max(at, w.x.host.Now())
	for _, e := range trace {
		at = min(max(at, e.Time.Sub(w.x.start)), w.at)
		switch e.Kind {
		case chain.KindStarted, chain.KindCompensating:
			w.recorder().RecordShared(chain.NewRecord(at, e.Kind, s.Index, phase, e.Attempt))
		case chain.KindRetrying:
			err := (&chain.StoredError{Text: e.Error}).Err()
			w.recorder().Retrying(at, s.Index, phase, e.Attempt, err, e.Delay)
		case chain.KindLog:
			step := s.Index
			if e.Path == "" {
				step = 0
			}
			w.recorder().Logged(at, step, e.Phase, e.Level, e.Message)
		}
	}
}

// Continue has the execution go on as the run that a Halt has stopped, where
// Resume would be another: what has begun has begun, and is not told again. It is
// called between Begin, whose start is that run's, and Drive.
func (x *Execution) Continue() {
	x.begun, x.rewalk, x.continued, x.at = true, true, true, x.host.Now()
	x.log.Continue()
}
