package engine

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// run tries a step, or its compensation, until it succeeds or has failed for
// good (rules 2 to 4 and 7).
func (w *walker) run(ctx *chain.Scope, s *builder.Step, phase chain.Phase) *failure {
	if w.x.remote != nil {
		return w.elsewhere(ctx, s, phase)
	}
	began, n := w.at, 1
	if p := w.x.part; p != nil {
		began, n = -p.before.Elapsed, p.before.Attempts+1
	}
	err := w.takeCut(s, phase, &n)
	if err == nil {
		if w.x.resumed && w.x.committer != nil {
			if f := w.waitOn(ctx, s, phase, Made{}); f != nil {
				return f
			}
		}
		if f := w.begin(ctx, s, phase, n, nil); f != nil {
			return f
		}
		err = w.attempt(ctx, s, phase, n)
	}
	w.at = w.x.host.Now()
	if err != nil {
		return w.retry(ctx, s, phase, n, err, began)
	}
	w.record(succeeds(phase), s, phase, n)
	return nil
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
			w.record(succeeds(phase), s, phase, n)
			return nil
		}
	}
}

func succeeds(phase chain.Phase) chain.Kind {
	if phase == chain.Compensation {
		return chain.KindCompensated
	}
	return chain.KindSucceeded
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
	kind := chain.KindStarted
	if phase == chain.Compensation {
		kind = chain.KindCompensating
	}
	w.record(kind, s, phase, n)
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

// attempt makes one attempt, under its own deadline if it has one.
func (w *walker) attempt(ctx *chain.Scope, s *builder.Step, phase chain.Phase, n int) error {
	if phase == chain.Forward {
		w.attempts++
	}
	frame := w.frame()
	frame.Set(ctx, s.Index, phase, n)
	timeout := s.Timeout
	if phase == chain.Compensation {
		timeout = s.CompensationTimeout
	}
	if timeout <= 0 {
		return w.call(frame, frame, s, phase)
	}
	late := &timeoutError{what: "attempt", limit: timeout}
	limited, cancel := context.WithTimeoutCause(frame, timeout, late)
	defer cancel()
	err := w.call(limited, frame, s, phase)
	if err != nil && context.Cause(limited) == error(late) {
		return &timeoutError{what: late.what, limit: timeout, err: err}
	}
	return err
}

// frame is a context for the next attempt. They are made many at once: three times
// as many as there were, but no more than the steps that are left.
func (w *walker) frame() *chain.Frame {
	if len(w.frames) == 0 {
		left := w.top.Next - w.top.Index - 1 - w.framed
		w.frames = make([]chain.Frame, max(4, min(left, 3*w.framed)))
		w.framed += len(w.frames)
	}
	frame := &w.frames[0]
	w.frames = w.frames[1:]
	return frame
}

// call calls the user's function, through the interceptors, and turns a panic
// into an error.
func (w *walker) call(ctx context.Context, frame *chain.Frame, s *builder.Step, phase chain.Phase) (err error) {
	returned, intercepted := false, w.x.program.Intercepted()
	defer func() {
		if !returned {
			err = w.interrupted(recover(), frame, s, phase)
		}
		if intercepted {
			frame.End()
		}
		w.release()
	}()
	if intercepted {
		err = w.intercepted().attempt(ctx, frame)
	} else {
		err = w.x.host.Attempt(ctx, s, phase)
	}
	returned = true
	return err
}

// interrupted is the error of a user's function that did not return. If it did
// not panic, runtime.Goexit is ending the goroutine: then the attempt is noted,
// for survive to go on from.
func (w *walker) interrupted(panicked any, frame *chain.Frame, s *builder.Step, phase chain.Phase) error {
	if panicked == nil {
		err := &chain.PanicError{Value: chain.ErrGoexit}
		w.cut = &cut{step: s.Index, phase: phase, attempt: frame.Info().Attempt, err: err}
		return err
	}
	return &chain.PanicError{Value: panicked, Stack: debug.Stack()}
}

// A cut is an attempt in which the goroutine was ended.
type cut struct {
	step    int
	phase   chain.Phase
	attempt int // 0: in the step's When
	err     error
}

// takeCut answers for an attempt that ended its goroutine: it was the n-th, and
// this is its error.
func (w *walker) takeCut(s *builder.Step, phase chain.Phase, n *int) error {
	if w.cut == nil || w.cut.step != s.Index || w.cut.phase != phase {
		return nil
	}
	err := w.cut.err
	if phase == chain.Forward {
		w.attempts += w.cut.attempt
	}
	*n, w.cut = max(w.cut.attempt, 1), nil
	return err
}

// condition asks the step's When.
func (w *walker) condition(ctx *chain.Scope, s *builder.Step) (holds bool, err error) {
	if err := w.takeCut(s, chain.Forward, new(int)); err != nil {
		return false, err
	}
	w.flush() // the condition may look at the trace
	if w.x.remote != nil {
		return w.x.remote.Ask(ctx, s)
	}
	frame := w.frame()
	frame.Set(ctx, s.Index, chain.Forward, 1)
	frame.End() // no attempt
	returned := false
	defer func() {
		if !returned {
			err = w.interrupted(recover(), frame, s, chain.Forward)
			if w.cut != nil {
				w.cut.attempt = 0
			}
		}
	}()
	holds = w.x.host.Condition(frame, s)
	returned = true
	return holds, nil
}

// next decides whether another attempt follows, and when. The policy asks
// functions of the user's, which may panic; then there is none.
func (w *walker) next(s *builder.Step, phase chain.Phase, n int, retry *policy.Retry, b *backoff.BackOff, err error, elapsed time.Duration) (delay time.Duration, again bool, panicked error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		again, panicked = false, &chain.PanicError{Value: recover(), Stack: debug.Stack()}
		if panicked.(*chain.PanicError).Value == nil { // runtime.Goexit: as in interrupted
			panicked = &chain.PanicError{Value: chain.ErrGoexit}
			w.cut = &cut{step: s.Index, phase: phase, attempt: n, err: policy.Permanent(join(err, panicked))}
		}
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

// acquire waits for one of the runner's slots. It is false if ctx has ended.
func (w *walker) acquire(ctx *chain.Scope) (may bool, halt error) {
	select {
	case w.x.program.slots <- struct{}{}:
		w.holds = true
		return true, nil
	default:
	}
	if halt := w.commit(); halt != nil {
		return false, halt
	}
	defer func() { w.at = w.x.host.Now() }() // the attempt begins after the wait
	select {
	case w.x.program.slots <- struct{}{}:
		w.holds = true
		return true, nil
	case <-ctx.Done():
		return false, nil
	}
}

// release gives the slot back, if there is one.
func (w *walker) release() {
	if w.holds {
		w.holds = false
		<-w.x.program.slots
	}
}

// commit has the host write down what the trace has.
func (w *walker) commit() error {
	w.flush()
	if w.x.committer == nil {
		return nil
	}
	return w.x.committer.Commit()
}
