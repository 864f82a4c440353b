package chaintest_test

import (
	"context"
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

// What the runner has in production, the cases have: here, what is injected is
// made an error that no policy tries again.
func ExampleWithInterceptor() {
	var t testing.TB = stdout{} // in a test, its own t

	final := func(ctx context.Context, _ chain.StepInfo, next func(context.Context) error) error {
		err := next(ctx)
		if errors.Is(err, chaintest.ErrInjected) {
			return policy.Permanent(err)
		}
		return err
	}
	chaintest.ExploreWorld(t, sale, newBank, nothingHeld, chaintest.WithInterceptor(final))
	// Output: chaintest: plan "sale": 30 cases hold
}

// till is data with a part that JSON does not hold.
type till struct {
	Cents int
	bank  *Bank
}

// What a crash and JSON take away, the program gives back before it resumes.
func ExampleRebind() {
	var t testing.TB = stdout{} // in a test, its own t

	plan := func(*Bank) *builder.Plan[till] {
		return chain.New[till]().Named("sale").
			Step("charge", func(ctx context.Context, t *till) error { return t.bank.Hold(ctx, &t.Cents) }).
			Compensate(func(ctx context.Context, t *till) error { return t.bank.Refund(ctx, &t.Cents) }).
			Step("ship", chaintest.Nothing[till]()).
			OnFailure(policy.Compensate).MustBuild()
	}
	newWorld := func() (*Bank, till) {
		b := &Bank{}
		return b, till{Cents: 30, bank: b}
	}
	chaintest.ExploreWorld(t, plan, newWorld,
		func(chain.Outcome[till], *Bank) error { return nil },
		chaintest.Rebind(func(lost, restored *till) { restored.bank = lost.bank }))
	// Output: chaintest: plan "sale": 30 cases hold
}
