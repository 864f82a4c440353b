package storetest

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A storeCase is one thing that a durable execution asks of a store.
type storeCase struct {
	name    string
	why     string // it matters
	reopens bool   // it is about that
	run     func(k *kit)
}

// cases are all of them.
func cases() []storeCase {
	return slices.Concat(recordCases, conflictCases, listCases, forgetCases, togetherCases, reopenCases)
}

func (c storeCase) isFor(s setup) bool { return !c.reopens || s.reopen != nil }

// patience is how long a case may take. It is there for stores that hang.
var patience = time.Minute

// try runs the case, and returns what the store does wrong.
func (c storeCase) try(t *testing.T, s setup) error {
	verdict := make(chan error, 1)
	go func() { verdict <- c.verdict(t, s) }()
	var err error
	select {
	case err = <-verdict:
	case <-time.After(patience):
		err = fmt.Errorf("the store hangs: it was given %v", patience)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s\n%w", c.why, err)
}

func (c storeCase) verdict(t *testing.T, s setup) (err error) {
	f := &findings{}
	defer func() {
		switch v := recover(); v {
		case nil, failNow:
			err = f.err()
		default:
			err = fmt.Errorf("the store panicked: %v\n%s", v, debug.Stack())
		}
	}()
	c.run(newKit(t, f, s))
	return f.err()
}

// findings take the place of a testing.T, so that a case can be tried on a store
// that is known to be wrong.
type findings struct{ found []string }

var failNow = new(int) // what FailNow panics with

var _ require.TestingT = (*findings)(nil)

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
