package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// A codedError is an error that keeps its meaning when stored. The code is part of
// the wire form.
type codedError struct {
	code string
	err  error
}

// ownErrors are those of this library and of package context.
var ownErrors = []codedError{
	{"timeout", ErrTimeout},
	{"deadline", context.DeadlineExceeded},
	{"canceled", context.Canceled},
	{"goexit", ErrGoexit},
	{"async", ErrAsync},
	{"plan_changed", ErrPlanChanged},
	{"finished", ErrFinished},
}

// panicCode is that of every PanicError.
const panicCode = "panic"

// known are all of them, those of users first: of several that match, the first
// counts.
var known = struct {
	sync.RWMutex
	errs []codedError // is replaced, never changed
}{errs: ownErrors}

func knownErrors() []codedError {
	known.RLock()
	defer known.RUnlock()
	return known.errs
}

// RegisterError has errors.Is know an error of the user's, and what that wraps,
// after it was written down by a process that had registered it, and read back by
// one that has registered it under the same code. The code is part of what is stored: it must not change. It
// is an error if the code is empty or taken, or err is nil. Register errors when
// the program starts, such as in a var or init; it is safe for concurrent use.
func RegisterError(code string, err error) error {
	known.Lock()
	defer known.Unlock()
	switch {
	case code == "":
		return errors.New("chain: RegisterError: the code is empty")
	case err == nil:
		return fmt.Errorf("chain: RegisterError: the error of code %q is nil", code)
	case code == panicCode || slices.ContainsFunc(known.errs, func(c codedError) bool { return c.code == code }):
		return fmt.Errorf("chain: RegisterError: the code %q is taken", code)
	}
	users := len(known.errs) - len(ownErrors)
	known.errs = slices.Concat(known.errs[:users], []codedError{{code, err}}, ownErrors)
	return nil
}

// codeOf is the code of an error, whose methods may panic; then it has none.
func codeOf(err error) (code string) {
	defer func() {
		if recover() != nil {
			code = ""
		}
	}()
	var stored *storedError
	if errors.As(err, &stored) && stored.code != "" { // else another, joined with it, may have one
		return stored.code
	}
	for _, c := range knownErrors() {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	var panicked *PanicError
	if errors.As(err, &panicked) {
		return panicCode
	}
	return ""
}

// A storedError is an error that was written down and read back. It matches by
// code, since an identity does not survive.
type storedError struct {
	text string
	code string
}

func (e *storedError) Error() string { return e.text }

func (e *storedError) Is(target error) bool {
	for _, c := range knownErrors() {
		if c.code == e.code && errors.Is(c.err, target) {
			return true
		}
	}
	return false
}

// Retryable is false for a panic, as it was before it was stored.
func (e *storedError) Retryable() bool { return e.code != panicCode && e.code != "goexit" }
