package storetest

import (
	"testing"

	"github.com/taskchain-go/taskchain/runner"
)

// New makes the store under test, an empty one each time. It is called once for
// each case; t.Cleanup is the place to close the store.
type New func(t *testing.T) runner.Store

// An Option says what the store under test can do: Reopens.
type Option struct{ apply func(*setup) }

// Reopens says that the store outlives its process. reopen ends s as that would,
// or closes it, and opens what it has kept. Cases that need it are left out
// without it, and each of the others looks at a reopened store as well.
func Reopens(reopen func(t *testing.T, s runner.Store) runner.Store) Option {
	return Option{func(s *setup) { s.reopen = reopen }}
}

// A setup is the store under test.
type setup struct {
	create New
	reopen func(*testing.T, runner.Store) runner.Store
}

// Run tests that a store keeps its promises. Each case is a subtest, so that
// -run finds it: -run 'TestMine/AConflictAddsNothing'. It may be called by
// parallel tests.
func Run(t *testing.T, newStore New, opts ...Option) {
	s := setup{create: newStore}
	for _, opt := range opts {
		opt.apply(&s)
	}
	for _, c := range cases() {
		if !c.isFor(s) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if err := c.try(t, s); err != nil {
				t.Error(err)
			}
		})
	}
}
