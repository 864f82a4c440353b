package engine

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// run tries a step, or its compensation, until it succeeds or has failed for
// good (rules 2 to 4 and 7).
func (w *walker) run(ctx *chain.Scope, s *builder.Step, phase chain.Phase) *failure {
	began, n := w.at, 1
	if f, over := w.approach(ctx, s, phase, &began, &n); over {
		return f
	}
	err := w.attempt(ctx, s, phase, n)
	w.at = w.x.host.Now()
	if err != nil {
		return w.retry(ctx, s, phase, n, err, began)
	}
	w.keep(chain.NewRecord(w.at, succeeds(phase), s.Index, phase, n))
	return nil
}

// approach begins an attempt, and finds out which it is, n, and when the first one
// began. If the step is over instead, f is its failure, if it has one.
func (w *walker) approach(ctx *chain.Scope, s *builder.Step, phase chain.Phase, began *time.Duration, n *int) (f *failure, over bool) {
	if w.x.remote != nil {
		return w.elsewhere(ctx, s, phase), true
	}
	if p := w.x.part; p != nil {
		*began, *n = -p.before.Elapsed, p.before.Attempts+1
	}
	if err := w.takeCut(s, phase, n); err != nil {
		w.at = w.x.host.Now()
		return w.retry(ctx, s, phase, *n, err, *began), true
	}
	if w.x.resumed && w.x.committer != nil {
		if f := w.waitOn(ctx, s, phase, Made{}); f != nil {
			return f, true
		}
	}
	f = w.begin(ctx, s, phase, *n, nil)
	return f, f != nil
}

// retry goes on after the n-th attempt has failed with err.
func (w *walker) retry(ctx *chain.Scope, s *builder.Step, phase chain.Phase, n int, err error, began time.Duration) *failure {
	policy := &s.Retry
	if phase == chain.Compensation {
		policy = &s.CompensationRetry
	}
	var delays backoff.BackOff
	for {
		if policy.IsZero() || ctx.Err() != nil {
			return w.fail(ctx, s, phase, n, err)
		}
		wait, again, panicked := w.next(s, phase, n, policy, &delays, err, w.at-began)
		if !again {
			return w.fail(ctx, s, phase, n, join(err, panicked))
		}
		w.recorder().Retrying(w.at, s.Index, phase, n, err, wait)
		if wait > 0 {
			if f := w.wait(ctx, s, phase, n, err, wait); f != nil {
				return f
			}
		}
		if f := w.begin(ctx, s, phase, n+1, err); f != nil {
			return f
		}
		n++
		err = w.attempt(ctx, s, phase, n)
		w.at = w.x.host.Now()
		if err == nil {
			w.keep(chain.NewRecord(w.at, succeeds(phase), s.Index, phase, n))
			return nil
		}
	}
}

// wait lets the delay before the next attempt pass.
func (w *walker) wait(ctx *chain.Scope, s *builder.Step, phase chain.Phase, n int, err error, delay time.Duration) *failure {
	if halt := w.commit(); halt != nil {
		return &failure{halt: halt}
	}
	return w.sleep(ctx, s, phase, n, err, delay)
}

// waitOn waits out what is left of a delay in which an earlier run was interrupted.
// If that wait is ended, before tells which attempts count, and what the last failed
// with.
func (w *walker) waitOn(ctx *chain.Scope, s *builder.Step, phase chain.Phase, before Made) *failure {
	rest := w.recorder().Rest(w.at, s.Index, phase)
	if rest <= 0 {
		return nil
	}
	return w.wait(ctx, s, phase, before.Attempts, before.Err, rest)
}

func (w *walker) sleep(ctx *chain.Scope, s *builder.Step, phase chain.Phase, n int, err error, delay time.Duration) *failure {
	ended := w.x.host.Sleep(ctx, delay)
	w.at = w.x.host.Now()
	if halt, ok := ended.(*Halt); ok {
		return &failure{err: err, halt: halt.Err}
	}
	if ended != nil {
		return w.fail(ctx, s, phase, n, err)
	}
	return nil
}

// next decides whether another attempt follows, and when. The policy asks
// functions of the user's, which may panic; then there is none.
func (w *walker) next(s *builder.Step, phase chain.Phase, n int, retry *policy.Retry, b *backoff.BackOff, err error, elapsed time.Duration) (delay time.Duration, again bool, panicked error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		again, panicked = false, brokenOff(recover())
		w.cut = &cut{step: s.Index, phase: phase, attempt: n, err: policy.Permanent(join(err, panicked))} // as in interrupted
	}()
	if *b == nil && n > 1 { // delays have passed elsewhere
		*b = retry.NewBackOff()
		for range n - 1 {
			(*b).NextBackOff()
		}
	}
	delay, again = retry.Next(b, n, err, elapsed)
	returned = true
	return delay, again, nil
}

// begin records the begin of the n-th attempt, as soon as it may begin; last is
// the error of the one before. It is written down before the attempt is made: a
// step in flight when a process dies is known to have begun.
func (w *walker) begin(ctx *chain.Scope, s *builder.Step, phase chain.Phase, n int, last error) *failure {
	if ctx.Err() != nil {
		return w.fail(ctx, s, phase, n-1, last)
	}
	if w.x.program.slots != nil {
		if may, halt := w.acquire(ctx); halt != nil {
			return &failure{halt: halt}
		} else if !may {
			return w.fail(ctx, s, phase, n-1, last)
		}
	}
	if w.x.stopper != nil {
		if halt := w.stopping(); halt != nil {
			w.release()
			return &failure{halt: halt}
		}
	}
	w.recordBegin(s, phase, n)
	if w.x.committer != nil {
		if halt := w.commit(); halt != nil {
			w.release()
			return &failure{halt: halt}
		}
	}
	return nil
}

// stopping is why the execution is to stop here, with what is recorded safe.
func (w *walker) stopping() (halt error) {
	if halt = w.x.stopper.Stopping(); halt == nil {
		return nil
	}
	if err := w.commit(); err != nil {
		return err
	}
	return halt
}

// fail records that a step, or its compensation, has failed for good after n
// attempts, and why; err may be nil if the context has ended.
func (w *walker) fail(ctx *chain.Scope, s *builder.Step, phase chain.Phase, n int, err error) *failure {
	if n == 0 && w.replay.hadBegun(s) {
		n = w.replay.begun[s.Index]
		w.attempts++ // an earlier run's
	}
	ending := w.x.endingOf(ctx)
	if ending != chain.ByItself {
		cause := context.Cause(ctx)
		if ending == chain.BySibling && err != nil && !is(err, context.Canceled) && !is(err, cause) {
			ending = chain.ByContext // a failure of its own besides, which must not go unheard
		}
		if ending == chain.BySibling && n == 0 { // never began, and nobody asked: as the steps behind a failed one
			return &failure{err: cause, ending: ending}
		}
		err = because(cause, err)
	}
	w.x.failed.Store(true)
	stepErr := &chain.StepError{Path: s.Path, Phase: phase, Attempts: n, Err: err}
	w.recorder().Failed(w.at, s.Index, phase, n, stepErr, ending)
	return &failure{err: stepErr, ending: ending}
}
