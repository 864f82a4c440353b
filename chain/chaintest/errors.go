package chaintest

import "errors"

// ErrInjected is the failure that a case has made. It matches every error that
// this package puts in the place of a step's own, those of FailWith and
// timeouts included.
var ErrInjected = errors.New("injected failure")

// An injectedError is another error that a case has made.
type injectedError struct{ err error }

func inject(err error) error {
	if errors.Is(err, ErrInjected) {
		return err
	}
	return &injectedError{err}
}

func (e *injectedError) Error() string   { return e.err.Error() }
func (e *injectedError) Unwrap() []error { return []error{e.err, ErrInjected} }

// isInjected tells whether v, which a step has panicked with, is a case's.
func isInjected(v any) bool {
	err, ok := v.(error)
	return ok && errors.Is(err, ErrInjected)
}

var (
	errCancelled = inject(cancelled{})

	// errDied stops an execution whose process has died.
	errDied = errors.New("chaintest: the process died")
)

// cancelled is why a case ends ctx.
type cancelled struct{}

func (cancelled) Error() string { return "ctx cancelled" }
