// Package storetest is the conformance suite that every runner.Store passes,
// ours and other people's, and [Memory], a Store for tests. For a store of your
// own, one test is enough:
//
//	func TestMine(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) runner.Store {
//			return mine.Open(t.TempDir())
//		})
//	}
//
// It has a case for each thing that a durable execution relies on, and a sentence
// on what that is for, which a failure begins with. A store that outlives its
// process says so with [Reopens], and is then looked at again after each
// reopening, too.
//
// What is found is an error of t, one for each case, and the others still run.
// Cases use a store from many goroutines at once, as runners do; a [Memory] may
// be, too, and the zero one is empty.
//
// What no test inside one process can show is that an Append that has returned
// is on the disk and not on its way there: that takes a cut of the power, or a
// file system that plays one, as the tests of package runner/journal have.
package storetest
