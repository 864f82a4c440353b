package chaintest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func ExampleRecord() {
	var t testing.TB = stdout{} // in a test, its own t

	nothing := chaintest.Nothing[int]()
	plan := chain.New[int]().
		Step("reserve", nothing).Compensate(nothing).
		Step("charge", chaintest.Failing[int](errors.New("declined"))).
		OnFailure(policy.Compensate).MustBuild()

	var rec chaintest.Record
	_, err := runner.NewSync(plan, rec.Option()).Run(context.Background(), 0)
	fmt.Println(err == nil, rec.Names())

	rec.Ran(t, "reserve", "charge", "undo reserve")
	rec.Ran(t, "reserve", "charge")
	// Output:
	// false [reserve charge undo reserve]
	// chaintest: ran:      reserve, charge, undo reserve
	//            expected: reserve, charge
}

func ExampleFlaky() {
	plan := chain.New[int]().
		Step("charge", chaintest.Flaky(2, errors.New("busy"), chaintest.Nothing[int]())).Retry(policy.Fixed(3, 0)).
		MustBuild()

	var rec chaintest.Record
	_, err := runner.NewSync(plan, rec.Option()).Run(context.Background(), 0)
	fmt.Println(rec.Attempts("charge"), err)
	// Output: 3 <nil>
}

func ExampleRecord_RanInAnyOrder() {
	var t testing.TB = stdout{} // in a test, its own t

	nothing := chaintest.Nothing[int]()
	plan := chain.New[int]().
		Parallel("book", chain.New[int]().Step("flight", nothing).Step("hotel", nothing)).
		MustBuild()
	var rec chaintest.Record
	_, err := runner.NewAsync(plan, rec.Option()).Run(context.Background(), 0)

	rec.RanInAnyOrder(t, "book/hotel", "book/flight")
	rec.NeverRan(t, "undo book/flight")
	fmt.Println(err)
	// Output: <nil>
}

// A step is repeated with the key it had.
func ExampleRecord_Keys() {
	plan := chain.New[int]().
		Step("charge", chaintest.Flaky(1, errors.New("busy"), chaintest.Nothing[int]())).Retry(policy.Fixed(2, 0)).
		MustBuild()
	var rec chaintest.Record
	exec := chain.NewExecutionContext(0, chain.WithID("o-1"))
	_, _ = runner.NewSync(plan, rec.Option()).Resume(context.Background(), exec)
	fmt.Println(rec.Keys("charge"))
	// Output: [o-1/charge o-1/charge]
}

func ExamplePanicking() {
	plan := chain.New[int]().Step("charge", chaintest.Panicking[int]("oh no")).MustBuild()
	out, _ := runner.NewSync(plan).Run(context.Background(), 0)
	fmt.Println(out.Failures[0])
	// Output: step "charge" failed: panic: oh no
}

// Slow ends when its context does.
func ExampleSlow() {
	plan := chain.New[int]().Step("charge", chaintest.Slow[int]()).Timeout(1).MustBuild() // a nanosecond
	_, err := runner.NewSync(plan).Run(context.Background(), 0)
	fmt.Println(errors.Is(err, chain.ErrTimeout))
	// Output: true
}
