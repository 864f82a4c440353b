// Package findings lets a conformance suite try a case on something that is known
// to be wrong: what the case finds is an error and fails no test.
package findings

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/stretchr/testify/require"
)

// Of runs a case and returns what it has found. subject is what panics if
// something else than the case's end does.
func Of(subject string, run func(t require.TestingT)) (err error) {
	f := &findings{}
	defer func() {
		switch v := recover(); v {
		case nil, failNow:
			err = f.err()
		default:
			err = fmt.Errorf("the %s panicked: %v\n%s", subject, v, debug.Stack())
		}
	}()
	run(f)
	return f.err()
}

// findings take the place of a testing.T.
type findings struct{ found []string }

var failNow = new(int) // what FailNow panics with

func (f *findings) Errorf(format string, args ...any) {
	f.found = append(f.found, fmt.Sprintf(format, args...))
}

func (f *findings) FailNow() { panic(failNow) }

func (f *findings) err() error {
	if len(f.found) == 0 {
		return nil
	}
	return errors.New(strings.Join(f.found, "\n"))
}
