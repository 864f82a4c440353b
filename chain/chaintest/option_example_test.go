package chaintest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
	"github.com/taskchain-go/taskchain/policy"
)

// sale is explored in the examples of the options.
func sale(b *Bank) *builder.Plan[int] {
	return chain.New[int]().Named("sale").
		Step("charge", b.Hold).Compensate(b.Refund).CompensateOnFailure().
		Retry(policy.Fixed(3, time.Second).GiveUpOn(policy.Is(errDeclined))).
		Step("ship", chaintest.Nothing[int]()).
		OnFailure(policy.Compensate).MustBuild()
}

var (
	errBusy     = errors.New("busy")
	errDeclined = errors.New("declined")
)

func newBank() (*Bank, int) { return &Bank{}, 30 }

func nothingHeld(out chain.Outcome[int], b *Bank) error {
	if out.Status == chain.Compensated && b.Held != 0 {
		return errors.New("money still held")
	}
	return nil
}

// A step fails with the errors that its service has, so that its policy is
// tested as well: this one tries again when the service is busy, and only then.
func ExampleOnStep() {
	var t testing.TB = stdout{} // in a test, its own t

	chaintest.ExploreWorld(t, sale, newBank, nothingHeld,
		chaintest.OnStep("charge", chaintest.FailWith(errBusy, errDeclined)))
	// Output: chaintest: plan "sale": 35 cases hold
}

// Shipping twice can't be helped, and is known.
func ExampleNotRepeatable() {
	var t testing.TB = stdout{} // in a test, its own t

	chaintest.ExploreWorld(t, sale, newBank, nothingHeld, chaintest.NotRepeatable("ship"))
	// Output:
	// chaintest: plan "sale": 31 cases hold
	// not repeated, as told: ship
}

func ExamplePairs() {
	var t testing.TB = stdout{} // in a test, its own t

	chaintest.ExploreWorld(t, sale, newBank, nothingHeld, chaintest.Pairs(), chaintest.RequireAllCompensations())
	// Output: chaintest: plan "sale": 181 cases hold
}
