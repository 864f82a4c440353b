// Package chaintest proves that a plan leaves nothing behind, however it goes
// wrong.
//
// For most uses, call [Explore], or [ExploreWorld] for a plan bound to services:
//
//	func TestCheckoutLeaksNothing(t *testing.T) {
//		chaintest.ExploreWorld(t, newPlan, newShop, func(out chain.Outcome[Order], s *Shop) error {
//			if out.Status == chain.Compensated && s.Held() != 0 {
//				return fmt.Errorf("%s still held", s.Held())
//			}
//			return nil
//		})
//	}
//
// The plan is executed once for every way in which it can go wrong, each time in
// a fresh world, and check looks at the end. A case that breaks it is named in
// words, with a line that runs this case alone:
//
//	charge: effect happened, reply lost; then compensated, but: 30.00 still held
//	    run this case alone with: CHAINTEST_CASE='charge/lost' go test -run '^TestCheckoutLeaksNothing$'
//
// # The cases
//
// Nothing fails (its name is none); ctx is cancelled before the first step
// (cancel). And each step that runs
//
//   - fails before its effect (fail), or after it: the reply is lost (lost);
//   - panics before or after its effect (panic, panic-after);
//   - times out before or after its effect, if it has a Timeout (timeout,
//     timeout-after);
//   - has ctx cancelled as it begins, between its effect and the reply, or after
//     it (cancel, cancel-lost, cancel-after);
//   - is called twice with the same idempotency key and the same data, as after
//     a crash (repeat);
//   - has its process die before its effect, after the effect and before that was
//     recorded, or between two attempts (crash, crash-after, crash-retry). A new
//     process then resumes from the JSON of what was recorded last, with a plan
//     made anew.
//
// It fails or times out for good and, where its policy tries again, once
// (fail-once, lost-once). It fails with [ErrInjected], or with each of the errors
// that [FailWith] says (fail#1, fail#2), and policies decide about them as usual.
//
// Each compensation goes wrong in the same ways, after a failure that makes it
// run: of those that leave it something to undo, the one by which most is undone
// ("ship/fail + undo charge/lost"). The same holds for a step that runs only after
// a failure. [Pairs] lets something more go wrong after every other single fault,
// too.
//
// # One case alone
//
// With the variable CHAINTEST_CASE in the environment, only the case of that name
// runs, and its trace is logged. A report has the whole line, to be given to a
// shell in the folder of the package.
//
// # What is simulated, and what is not
//
// Waiting for a retry takes no time; MaxElapsed counts as if it did. Timeout and
// Within keep to the real clock, by which a case takes so little that they don't
// pass: the cases of a timeout and of a cancelled ctx stand for them. A plan's
// asynchronous steps are waited for, and the branches of a Parallel run in order,
// so that a case is the same each time.
//
// Besides what check finds, it is an error when a function of the plan panics by
// itself, when a compensation fails that nothing made fail, when a completed step
// runs again after a resume, when a resume is refused, when a compensation is
// given the ctx that was cancelled, and when the data loses something on its way
// through JSON.
//
// # Asserting on what ran
//
// A [Record] notes what ran, on any runner. [Failing], [Flaky], [Slow],
// [Panicking] and [Nothing] are steps for tests.
//
// The idea is that of Oxide's control plane, whose sagas are all tested by
// failing at each node and by repeating each action and undo: see
// nexus/src/app/sagas/test_helpers.rs in github.com/oxidecomputer/omicron.
//
// The zero [Record] is ready for use. Everything here may be used from many
// goroutines at once.
package chaintest
