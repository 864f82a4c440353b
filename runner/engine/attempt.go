package engine

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// attempts tries a step, or its compensation, until it succeeds or has failed
// for good (rules 2 to 4 and 7).
func (w *walker) attempts(ctx context.Context, s *builder.Step, phase chain.Phase) *failure {
	retry, timeout := &s.Retry, s.Timeout
	begins, succeeds := chain.KindStarted, chain.KindSucceeded
	if phase == chain.Compensation {
		retry, timeout = &s.CompensationRetry, s.CompensationTimeout
		begins, succeeds = chain.KindCompensating, chain.KindCompensated
	}
	var (
		x     = w.x
		began = w.at
		delay backoff.BackOff
		last  error // of the attempt before
	)
	for n := 1; ; n++ {
		err := w.takeCut(s, phase, &n)
		if err == nil {
			if halt := w.commit(); halt != nil {
				return &failure{halt: halt}
			}
			if !w.acquire(ctx) {
				return w.fail(ctx, s, phase, n-1, last)
			}
			x.recorder.Record(w.at, begins, s.Index, phase, n)
			err = w.attempt(ctx, s, phase, n, timeout)
		}
		w.at = x.host.Now()
		if err == nil {
			x.recorder.Record(w.at, succeeds, s.Index, phase, n)
			return nil
		}
		if ctx.Err() != nil {
			return w.fail(ctx, s, phase, n, err)
		}
		wait, again, panicked := w.next(s, phase, n, retry, &delay, err, w.at-began)
		if !again {
			return w.fail(ctx, s, phase, n, join(err, panicked))
		}
		x.recorder.Retrying(w.at, s.Index, phase, n, err, wait)
		last = err
		if wait > 0 {
			if halt := w.commit(); halt != nil {
				return &failure{halt: halt}
			}
			if x.host.Sleep(ctx, wait) != nil {
				return w.fail(ctx, s, phase, n, err)
			}
			w.at = x.host.Now()
		}
	}
}

// fail records that a step, or its compensation, has failed for good after n
// attempts, and why; err may be nil if the context has ended.
func (w *walker) fail(ctx context.Context, s *builder.Step, phase chain.Phase, n int, err error) *failure {
	ending := endingOf(ctx)
	if ending != chain.ByItself {
		cause := context.Cause(ctx)
		if ending == chain.BySibling && err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, cause) {
			ending = chain.ByContext // a failure of its own besides, which must not go unheard
		}
		if ending == chain.BySibling && n == 0 { // never began, and nobody asked: as the steps behind a failed one
			return &failure{err: cause, ending: ending}
		}
		err = because(cause, err)
	}
	w.x.failed.Store(true)
	stepErr := &chain.StepError{Path: s.Path, Phase: phase, Attempts: n, Err: err}
	w.x.recorder.Failed(w.at, s.Index, phase, n, stepErr, ending)
	return &failure{err: stepErr, ending: ending, begun: n > 0}
}

// attempt makes one attempt, under its own deadline if it has one.
func (w *walker) attempt(ctx context.Context, s *builder.Step, phase chain.Phase, n int, timeout time.Duration) error {
	frame := w.frame()
	frame.Set(ctx, w.x.recorder, s.Index, phase, n)
	if timeout <= 0 {
		return w.call(frame, frame, s, phase, n)
	}
	late := &timeoutError{what: "attempt", limit: timeout}
	limited, cancel := context.WithTimeoutCause(frame, timeout, late)
	defer cancel()
	err := w.call(limited, frame, s, phase, n)
	if err != nil && context.Cause(limited) == error(late) {
		return &timeoutError{what: late.what, limit: timeout, err: err}
	}
	return err
}

// frame is a context for the next attempt. They are made many at once.
func (w *walker) frame() *chain.Frame {
	if len(w.frames) == 0 {
		w.frames = make([]chain.Frame, min(64, max(4, w.top.Next-w.top.Index)))
	}
	frame := &w.frames[0]
	w.frames = w.frames[1:]
	return frame
}

// call calls the user's function, through the interceptors, and turns a panic
// into an error.
func (w *walker) call(ctx context.Context, frame *chain.Frame, s *builder.Step, phase chain.Phase, n int) (err error) {
	returned := false
	defer func() {
		if !returned {
			err = w.interrupted(recover(), s, phase, n)
		}
		w.release()
	}()
	if len(w.x.program.interceptors) == 0 {
		err = w.x.host.Attempt(ctx, s, phase)
	} else {
		err = w.intercepted(ctx, frame.Info(), s, phase, n, w.x.program.interceptors)
	}
	returned = true
	return err
}

// intercepted calls the outermost of the interceptors around the others.
func (w *walker) intercepted(ctx context.Context, info chain.StepInfo, s *builder.Step, phase chain.Phase, n int, interceptors []Interceptor) (err error) {
	if len(interceptors) > 0 {
		return interceptors[0](ctx, info, func(ctx context.Context) error {
			return w.intercepted(ctx, info, s, phase, n, interceptors[1:])
		})
	}
	returned := false
	defer func() {
		if !returned {
			err = w.interrupted(recover(), s, phase, n)
		}
	}()
	err = w.x.host.Attempt(ctx, s, phase)
	returned = true
	return err
}

// interrupted is the error of a user's function that did not return. If it did
// not panic, runtime.Goexit is ending the goroutine: then the attempt is noted,
// for survive to go on from.
func (w *walker) interrupted(panicked any, s *builder.Step, phase chain.Phase, n int) error {
	if panicked == nil {
		err := &chain.PanicError{Value: chain.ErrGoexit}
		w.cut = &cut{step: s.Index, phase: phase, attempt: n, err: err}
		return err
	}
	return &chain.PanicError{Value: panicked, Stack: debug.Stack()}
}

// A cut is an attempt in which the goroutine was ended.
type cut struct {
	step    int
	phase   chain.Phase
	attempt int
	err     error
}

// takeCut answers for an attempt that ended its goroutine: it was the n-th, and
// this is its error.
func (w *walker) takeCut(s *builder.Step, phase chain.Phase, n *int) error {
	if w.cut == nil || w.cut.step != s.Index || w.cut.phase != phase {
		return nil
	}
	err := w.cut.err
	*n, w.cut = max(w.cut.attempt, 1), nil
	return err
}

// condition asks the step's When.
func (w *walker) condition(ctx context.Context, s *builder.Step) (holds bool, err error) {
	if err := w.takeCut(s, chain.Forward, new(int)); err != nil {
		return false, err
	}
	returned := false
	defer func() {
		if !returned {
			err = w.interrupted(recover(), s, chain.Forward, 0)
		}
	}()
	frame := w.frame()
	frame.Set(ctx, w.x.recorder, s.Index, chain.Forward, 1)
	holds = w.x.host.Condition(frame, s)
	returned = true
	return holds, nil
}

// next decides whether another attempt follows, and when. The policy asks
// functions of the user's, which may panic; then there is none.
func (w *walker) next(s *builder.Step, phase chain.Phase, n int, retry *policy.Retry, b *backoff.BackOff, err error, elapsed time.Duration) (delay time.Duration, again bool, panicked error) {
	if retry.IsZero() {
		return 0, false, nil
	}
	returned := false
	defer func() {
		if !returned {
			again, panicked = false, w.interrupted(recover(), s, phase, n)
			if w.cut != nil {
				w.cut.err = policy.Permanent(join(err, panicked))
			}
		}
	}()
	if retry.ShouldRetry(n, err) {
		if *b == nil {
			*b = retry.NewBackOff()
		}
		delay, again = retry.Delay(*b, err, elapsed)
	}
	returned = true
	return delay, again, nil
}

// acquire waits for one of the runner's slots. It is false if ctx has ended.
func (w *walker) acquire(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	if w.x.program.slots == nil {
		return true
	}
	select {
	case w.x.program.slots <- struct{}{}:
		return true
	default:
	}
	defer func() { w.at = w.x.host.Now() }() // the attempt begins after the wait
	select {
	case w.x.program.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (w *walker) release() {
	if w.x.program.slots != nil {
		<-w.x.program.slots
	}
}

func (w *walker) commit() error {
	if w.x.committer == nil {
		return nil
	}
	return w.x.committer.Commit()
}
