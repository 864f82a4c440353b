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
