package chaintest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
	"github.com/taskchain-go/taskchain/policy"
)

// A Bank is a world: it holds money for customers.
type Bank struct{ Held int }

func (b *Bank) Hold(_ context.Context, amount *int) error { b.Held = *amount; return nil }
func (b *Bank) Refund(context.Context, *int) error        { b.Held = 0; return nil }

// stdout is a test that prints: an Example has no *testing.T.
type stdout struct{ testing.TB }

func (stdout) Helper()                           {}
func (stdout) Name() string                      { return "TestSale" }
func (stdout) Logf(format string, args ...any)   { fmt.Printf(format+"\n", args...) }
func (stdout) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// From a plan to a proof that it leaves nothing behind.
func ExampleExploreWorld() {
	var t testing.TB = stdout{} // in a test, its own t

	plan := func(b *Bank) *builder.Plan[int] {
		return chain.New[int]().Named("sale").
			Step("charge", b.Hold).Compensate(b.Refund).CompensateOnFailure().
			Step("ship", chaintest.Nothing[int]()).
			OnFailure(policy.Compensate).MustBuild()
	}
	newWorld := func() (*Bank, int) { return &Bank{}, 30 }
	chaintest.ExploreWorld(t, plan, newWorld, func(out chain.Outcome[int], b *Bank) error {
		if out.Status == chain.Compensated && b.Held != 0 {
			return fmt.Errorf("%d still held", b.Held)
		}
		return nil
	})
	// Output: chaintest: plan "sale": 30 cases hold
}

// Without CompensateOnFailure, a charge whose reply got lost is never given
// back: the plan takes it for one that did not happen.
func ExampleExploreWorld_leak() {
	var t testing.TB = stdout{} // in a test, its own t

	// readme:begin explore
	plan := func(b *Bank) *builder.Plan[int] {
		return chain.New[int]().Named("sale").
			Step("charge", b.Hold).Compensate(b.Refund).
			Step("ship", chaintest.Nothing[int]()).
			OnFailure(policy.Compensate).MustBuild()
	}
	newWorld := func() (*Bank, int) { return &Bank{}, 30 }
	chaintest.ExploreWorld(t, plan, newWorld, func(out chain.Outcome[int], b *Bank) error {
		if out.Status == chain.Compensated && b.Held != 0 {
			return fmt.Errorf("%d still held", b.Held)
		}
		return nil
	})
	// readme:end explore
	// Output:
	// chaintest: plan "sale": 3 of 30 cases broken
	// charge: effect happened, reply lost; then compensated, but: 30 still held
	//     run this case alone with: CHAINTEST_CASE='charge/lost' go test -run '^TestSale$'
	//     the same in 2 other cases: charge/panic-after, charge/cancel-lost
}

// A plan whose world is its data needs no world besides.
func ExampleExplore() {
	var t testing.TB = stdout{} // in a test, its own t

	type Transfer struct{ From, To, Amount int }
	plan := chain.New[Transfer]().Named("transfer").
		Step("withdraw", func(_ context.Context, tr *Transfer) error { tr.From -= tr.Amount; return nil }).
		Compensate(func(_ context.Context, tr *Transfer) error { tr.From += tr.Amount; return nil }).
		Step("deposit", func(_ context.Context, tr *Transfer) error { tr.To += tr.Amount; return nil }).
		Compensate(func(_ context.Context, tr *Transfer) error { tr.To -= tr.Amount; return nil }).
		OnFailure(policy.Compensate).MustBuild()

	chaintest.Explore(t, plan, func() Transfer { return Transfer{From: 100, Amount: 30} }, func(out chain.Outcome[Transfer]) error {
		if d := out.Context.Data; d.From+d.To != 100 && out.Status != chain.Stuck {
			return fmt.Errorf("%d is gone", 100-d.From-d.To)
		}
		return nil
	})
	// Output:
	// chaintest: plan "transfer": 6 of 30 cases broken
	// withdraw: effect happened, reply lost; then compensated, but: 30 is gone
	//     run this case alone with: CHAINTEST_CASE='withdraw/lost' go test -run '^TestSale$'
	//     the same in 2 other cases: withdraw/panic-after, withdraw/cancel-lost
	// deposit: effect happened, reply lost; then compensated, but: -30 is gone
	//     run this case alone with: CHAINTEST_CASE='deposit/lost' go test -run '^TestSale$'
	//     the same in 2 other cases: deposit/panic-after, deposit/cancel-lost
	// compensations that never ran in any case: deposit
}
