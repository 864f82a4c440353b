package chain_test

import (
	"fmt"
	"time"

	"github.com/taskchain-go/taskchain/chain"
)

func ExampleTrace() {
	at := func(d time.Duration) time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(d) }

	// out.Context.Trace() of an execution; here with times that never change.
	trace := chain.Trace{
		{Time: at(0), Kind: chain.KindPlanStarted},
		{Time: at(0), Kind: chain.KindStarted, Path: "charge", Attempt: 1},
		{Time: at(120 * time.Millisecond), Kind: chain.KindRetrying, Path: "charge", Attempt: 1, Error: "busy", Delay: time.Second},
		{Time: at(1120 * time.Millisecond), Kind: chain.KindStarted, Path: "charge", Attempt: 2},
		{Time: at(1250 * time.Millisecond), Kind: chain.KindSucceeded, Path: "charge", Attempt: 2},
		{Time: at(1250 * time.Millisecond), Kind: chain.KindPlanEnded, Message: "succeeded"},
	}
	fmt.Print(trace)
	// Output:
	//       +0s  plan    ▶ started
	//       +0s  charge  ▷ started
	//    +120ms  charge  ↻ retrying (attempt 1): busy; next in 1s
	//    +1.12s  charge  ▷ started (attempt 2)
	//    +1.25s  charge  ✓ succeeded (attempt 2)
	//    +1.25s  plan    ■ succeeded
}
