package runner_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// An Order is what the examples' plans are about.
type Order struct {
	ID    string
	Notes []string
}

// note makes a step that leaves a note on the order.
func note(text string) func(context.Context, *Order) error {
	return func(_ context.Context, o *Order) error {
		o.Notes = append(o.Notes, text)
		return nil
	}
}

var errNoCourier = errors.New("no courier today")

func ship(context.Context, *Order) error { return errNoCourier }

func ExampleSync_Run() {
	plan := chain.New[Order]().Named("checkout").
		Step("reserve", note("reserved")).Compensate(note("released")).
		Step("charge", note("charged")).Compensate(note("refunded")).
		Step("ship", ship).
		OnFailure(policy.Compensate).
		MustBuild()

	out, err := runner.NewSync(plan).Run(context.Background(), Order{ID: "o-1"})

	fmt.Println(out.Status, errors.Is(err, errNoCourier))
	fmt.Println(out.Context.Data.Notes)
	for _, failure := range out.Failures {
		fmt.Println(failure)
	}
	// Output:
	// compensated true
	// [reserved charged refunded released]
	// step "ship" failed: no courier today
}

func ExampleSync_Resume() {
	courier := errNoCourier
	plan := chain.New[Order]().
		Step("charge", note("charged")).
		Step("ship", func(context.Context, *Order) error { return courier }).
		MustBuild()
	shop := runner.NewSync(plan)

	out, _ := shop.Run(context.Background(), Order{ID: "o-1"})
	fmt.Println(out.Status, out.Context.Completed())

	courier = nil // it is there again; the charge must not be made again
	out, err := shop.Resume(context.Background(), out.Context)
	fmt.Println(out.Status, out.Context.Completed(), err)
	fmt.Println(out.Context.Data.Notes)

	_, err = shop.Resume(context.Background(), out.Context)
	fmt.Println(errors.Is(err, chain.ErrFinished))
	// Output:
	// aborted [charge]
	// succeeded [charge ship] <nil>
	// [charged]
	// true
}

// An execution with an ID of the user's is a pending one, begun by Resume.
func ExampleNewSync() {
	plan := chain.New[Order]().Step("charge", note("charged")).MustBuild()
	exec := chain.NewExecutionContext(Order{}, chain.WithID("o-1"), chain.WithMetadata(map[string]any{"tenant": "acme"}))

	out, err := runner.NewSync(plan).Resume(context.Background(), exec)

	tenant, _ := out.Context.Get("tenant")
	fmt.Println(out.Context.ID, tenant, out.Status, err)
	// Output: o-1 acme succeeded <nil>
}
