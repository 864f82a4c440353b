package main

import (
	"github.com/taskchain-go/taskchain/internal/handwritten"
)

// A work is what several contenders do, each in its way.
type work struct {
	name       string
	wants      handwritten.Tally // what each has done in the end
	fails      bool              // with handwritten.Err
	longer     int               // times -benchtime that each is measured; 0 is 1
	contenders []contender       // the first is what the others are compared with
}

// A contender does the work once, from scratch but for what can be prepared
// once for all runs.
type contender struct {
	name       string
	run        func() (handwritten.Tally, error)
	goroutines int     // that do it at once; 0 is one
	held       int     // MB that the process holds meanwhile
	targets    targets // of this library's
}

const (
	ten         = "10 steps"
	hundred     = "100 steps"
	thousand    = "1,000 steps"
	traced      = "by hand, with a trace"
	plain       = "by hand, without a trace"
	ours        = "taskchain"
	backoffed   = "cenkalti/backoff alone"
	flat        = "taskchain, flat"
	sharedByOne = "taskchain, one goroutine"
	bareByOne   = "the memory and the clock alone"
	twice       = ", two goroutines"
)

// works is everything that is measured, in the order of the tables, each made when it
// is its turn: what the others hold is work for the collector.
func works(yield func(work) bool) {
	for _, next := range []func() work{
		func() work {
			return work{
				name: ten, wants: handwritten.Tally{Done: 10},
				contenders: append(steps(10, targets{ratioAtMost(0.45), allocsAtMost(4)}),
					contender{name: "taskchain, ctx that can end", run: cancellable(10)},
					contender{name: bareByOne, run: bare}),
			}
		},
		func() work {
			return work{
				name: hundred, wants: handwritten.Tally{Done: 100},
				contenders: steps(100, targets{ratioAtMost(0.45), allocsAsIn(ten, ours, 4)}), // 100 is less than 4 doublings of 10
			}
		},
		func() work {
			return work{
				name: thousand, wants: handwritten.Tally{Done: 1000},
				contenders: steps(1000, targets{ratioAtMost(0.45), allocsAsIn(ten, ours, 7)}), // 1,000 is less than 7
			}
		},
		func() work {
			return work{
				name: "10th step fails, 9 are undone", fails: true, wants: handwritten.Tally{Done: 9, Undone: 9},
				contenders: compensations(targets{ratioAtMost(0.6)}),
			}
		},
		func() work {
			return work{
				name: "one step fails twice, then succeeds, no delay", wants: handwritten.Tally{Done: 1, Tried: 3},
				contenders: retries(targets{ratioBelow(backoffed, 1)}),
			}
		},
		func() work {
			return work{
				name: "2 branches of one step each, at once", wants: handwritten.Tally{Done: 1, Undone: 1},
				contenders: branches(),
			}
		},
		func() work {
			return work{
				name: "async runner, 10 steps", wants: handwritten.Tally{Done: 10},
				contenders: []contender{
					{name: traced, run: byHandTraced(handwritten.Steps(10, handwritten.Do))},
					{name: ours, run: inOrder(10)},
					{name: "taskchain, async", run: inAsync(10), targets: targets{extraAtMost(ours, 3000, 1, "a run")}},
				},
			}
		},
		func() work {
			return work{
				name: "one plan and runner shared, 10 steps", wants: handwritten.Tally{Done: 10}, longer: 10,
				contenders: shared(0),
			}
		},
		func() work {
			return work{
				name: "the same in a process that holds 64 MB", wants: handwritten.Tally{Done: 10}, longer: 10,
				contenders: shared(64),
			}
		},
		func() work {
			return work{
				name: "nested, 10 × 10 steps", wants: handwritten.Tally{Done: 100},
				contenders: []contender{
					{name: traced, run: byHandTraced(handwritten.Steps(100, handwritten.Do))},
					{name: flat, run: inOrder(100)},
					{name: "taskchain, nested", run: nested(), targets: targets{ratioBelow(flat, 1.15)}},
				},
			}
		},
		func() work {
			return work{
				name: "watched, 10 steps", wants: handwritten.Tally{Done: 10},
				contenders: []contender{
					{name: traced, run: byHandTraced(handwritten.Steps(10, handwritten.Do))},
					{name: ours, run: inOrder(10)},
					{name: "taskchain, an observer that counts", run: observed(10), targets: targets{extraAtMost(ours, 40, 10, "a step")}},
					{name: "taskchain, an interceptor", run: intercepted(10), targets: targets{extraAtMost(ours, 60, 10, "a step")}},
				},
			}
		},
		func() work {
			return work{name: "write a finished execution of 100 steps as JSON", contenders: marshals(targets{ratioAtMost(1.3)})}
		},
		func() work {
			return work{name: "read it back", wants: handwritten.Tally{Done: 100}, contenders: unmarshals(targets{ratioAtMost(1.3)})}
		},
	} {
		if !yield(next()) {
			return
		}
	}
}

// steps is everybody who can do n steps.
func steps(n int, of targets) []contender {
	list := handwritten.Steps(n, handwritten.Do)
	return []contender{
		{name: traced, run: byHandTraced(list)},
		{name: plain, run: byHandPlain(list)},
		{name: ours, run: inOrder(n), targets: of},
		{name: "samber/lo Transaction", run: transaction(list)},
		{name: "loop, each step by cenkalti/backoff", run: byHandPlain(each(list, byBackoff))},
		{name: "loop, each step by failsafe-go", run: byHandPlain(each(list, byFailsafe()))},
		{name: "loop, each step by retry-go", run: byHandPlain(each(list, byRetryGo()))},
	}
}

// shared is one plan and one runner in one goroutine and in two, in a process that
// holds so many MB besides: the collector then has less to do. It is measured for so
// long that it comes by often.
func shared(held int) []contender {
	byHand, r := byHandTraced(handwritten.Steps(10, handwritten.Do)), inOrder(10)
	return []contender{
		{name: traced, run: byHand, held: held},
		{name: traced + twice, run: byHand, held: held, goroutines: 2, targets: targets{throughput(traced)}},
		{name: bareByOne, run: bare, held: held},
		{name: bareByOne + twice, run: bare, held: held, goroutines: 2, targets: targets{throughput(bareByOne)}},
		{name: sharedByOne, run: r, held: held},
		{name: "taskchain" + twice, run: r, held: held, goroutines: 2, targets: targets{throughputAtLeast(sharedByOne, 1.8)}},
	}
}

func compensations(of targets) []contender {
	list := handwritten.Steps(10, handwritten.Fail)
	return []contender{
		{name: traced, run: byHandTraced(list)},
		{name: plain, run: byHandPlain(list)},
		{name: ours, run: compensated(10), targets: of},
		{name: "samber/lo Transaction", run: transaction(list)},
	}
}

func retries(of targets) []contender {
	return []contender{
		{name: traced, run: byHandRetried},
		{name: ours, run: retried(), targets: of},
		{name: backoffed, run: flaky(byBackoff)},
		{name: "failsafe-go", run: flaky(byFailsafe())},
		{name: "retry-go", run: flaky(byRetryGo())},
	}
}

func branches() []contender {
	return []contender{
		{name: "by hand, two goroutines, without a trace", run: byHandBranches},
		{name: "taskchain, async", run: parallel()},
		{name: "errgroup", run: errgroupBranches},
		{name: "conc", run: concBranches},
	}
}
