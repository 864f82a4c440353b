package chaintest

import (
	"strings"
	"testing"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// Cases is the names of the cases that came about.
func Cases[W, T any](t testing.TB, plan func(W) *builder.Plan[T], newWorld func() (W, T), names *[]string, opts ...Option) {
	t.Helper()
	o := collect(opts)
	s, err := newStage(plan, newWorld, func(chain.Outcome[T], W) error { return nil }, o)
	if err != nil {
		t.Fatal(err)
	}
	e := s.exploration(t)
	e.run()
	for _, r := range e.results {
		*names = append(*names, strings.ReplaceAll(r.trial.String(), "step 0", "a"))
	}
}
