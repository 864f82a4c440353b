package chaintest

import (
	"testing"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// Explore executes the plan once for every way in which it can go wrong and
// hands each end to check, whose error breaks the test. It is for a plan whose
// world is in its data, or reached through it (then see Rebind); one bound to
// services wants ExploreWorld. newData makes the data of one case, always the
// same.
//
// The package's documentation lists the cases, and what else breaks the test. The
// report names at most as many as fit on a screen; how many there were is logged
// where all is well. check should return what is wrong, in a few words, rather
// than fail the test itself: equal words are told once. What it lets pass is up
// to it: mostly an execution that is stuck, where a person has to look.
func Explore[T any](t testing.TB, plan *builder.Plan[T], newData func() T, check func(chain.Outcome[T]) error, opts ...Option) {
	t.Helper()
	ExploreWorld(t,
		func(struct{}) *builder.Plan[T] { return plan },
		func() (struct{}, T) { return struct{}{}, newData() },
		func(out chain.Outcome[T], _ struct{}) error { return check(out) },
		opts...)
}

// ExploreWorld is Explore for a plan bound to services. newWorld makes the world
// of one case and the data, always the same. plan binds the plan to it: once for
// each process, so that what a plan's functions keep outside of the data and the
// world does not survive a crash. check is given the end of a case and its world.
// If W is an io.Closer, the world is closed after its case.
func ExploreWorld[W, T any](t testing.TB, plan func(W) *builder.Plan[T], newWorld func() (W, T), check func(chain.Outcome[T], W) error, opts ...Option) {
	t.Helper()
	s, err := newStage(plan, newWorld, check, collect(opts))
	if err != nil {
		t.Errorf("chaintest: %v", err)
		return
	}
	e := s.exploration(t)
	if name, alone := soleCase(); alone {
		e.runAlone(name)
		return
	}
	e.run()
	e.report()
}
