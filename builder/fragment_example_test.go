package builder_test

import (
	"context"
	"fmt"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// A plan over a Payment becomes a part of a plan over an Order.
func ExampleEmbed() {
	hold := func(ctx context.Context, p *Payment) error { return nil }
	void := func(ctx context.Context, p *Payment) error { return nil }
	payment := chain.New[Payment]().Step("hold", hold).Compensate(void).Step("capture", hold).MustBuild()

	plan := chain.New[Order]().Named("checkout").
		Step("reserve", reserve).
		Process("pay", builder.Embed(payment, func(o *Order) *Payment { return &o.Payment })).
		MustBuild()
	fmt.Print(plan)
	// Output:
	// checkout (on failure: abort)
	// ├── reserve
	// └── pay  (process)
	//     ├── hold  (compensation)
	//     └── capture
}

// A fragment is a Builder like any other, and can be used in many places.
func ExampleFragment() {
	notify := chain.New[Order]().Step("mail", mail).Step("sms", sms)
	plan := chain.New[Order]().Named("checkout").
		Process("before", notify).
		Step("charge", charge).
		Parallel("after", notify).
		MustBuild()
	fmt.Print(plan)
	// Output:
	// checkout (on failure: abort)
	// ├── before  (process)
	// │   ├── mail
	// │   └── sms
	// ├── charge
	// └── after  (parallel)
	//     ├── mail
	//     └── sms
}
