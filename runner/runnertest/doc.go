// Package runnertest is the conformance suite that every runner passes, ours and
// other people's. For a runner of your own, one test is enough:
//
//	func TestMine(t *testing.T) {
//		runnertest.Run(t, func(plan *builder.Plan[runnertest.State], opts ...runner.Option) runner.Runner[runnertest.State] {
//			return mine.New(plan, opts...)
//		}, runnertest.Resumes)
//	}
//
// A runner keeps the rules of execution, of which the suite has two proofs.
// The first is cases: for each rule the plans that show it, and a sentence on
// what the rule is for, which a failure begins with. The second is random plans,
// some thousands on each run of the test: nested, with retries, conditions,
// panics, cancellations, failing compensations, resumed at their end and from
// snapshots taken on the way. What becomes of each must be what a small model of
// the rules says: status, failures, completed and compensated steps, state and
// trace. A plan that differs is made as small as it can be, and printed as a
// program with the seed that made it.
//
// What not every runner can do is declared by a [Trait]. What is not declared
// must be refused as the rules say, and that is tested as well.
//
// A seed gives the same plans each time. To search longer or elsewhere:
//
//	go test -run 'TestMine/Rule13' -runnertest.plans 100000 -runnertest.seed 1000000
//
// What is found is an error of t, one for each case, and the others still run.
// No zero value of this package is of use. A runner is used by many goroutines
// at once, as users do.
//
// Waiting is done in a testing/synctest bubble and takes no time, unless the
// runner says [RealTime] or [Remote]. Run must not be called in a bubble, but may
// be called by parallel tests.
package runnertest
