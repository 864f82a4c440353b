package builder_test

import (
	"context"
	"fmt"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// Order is what the plans of these examples work on.
type Order struct {
	Items   []string
	Express bool
	Payment Payment
}

// Payment is a part of an order.
type Payment struct{ Cents int }

func reserve(ctx context.Context, o *Order) error { return nil }
func release(ctx context.Context, o *Order) error { return nil }
func charge(ctx context.Context, o *Order) error  { return nil }
func refund(ctx context.Context, o *Order) error  { return nil }
func pack(ctx context.Context, o *Order) error    { return nil }
func unpack(ctx context.Context, o *Order) error  { return nil }
func ship(ctx context.Context, o *Order) error    { return nil }
func mail(ctx context.Context, o *Order) error    { return nil }
func sms(ctx context.Context, o *Order) error     { return nil }

func render(ctx context.Context, o *Order) <-chan error {
	done := make(chan error, 1)
	go func() { done <- nil }()
	return done
}

func Example() {
	plan, err := chain.New[Order]().Named("checkout").
		Step("reserve", reserve).Compensate(release).
		Step("charge", charge).
		Retry(policy.Exponential(5, 100*time.Millisecond)).
		Timeout(2*time.Second).
		Compensate(refund).
		Process("fulfil", chain.New[Order]().
			Step("pack", pack).Compensate(unpack).
			Step("ship", ship)).
		OnFailure(policy.Compensate).
		Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(plan)
	// Output:
	// checkout (on failure: compensate)
	// ├── reserve  (compensation)
	// ├── charge  (5 attempts, exponential from 100ms, timeout 2s, compensation)
	// └── fulfil  (process)
	//     ├── pack  (compensation)
	//     └── ship
}

// A Builder is a value: what is kept in a variable can be forked, and no fork
// knows of another.
func ExampleBuilder() {
	common := chain.New[Order]().Step("reserve", reserve).Compensate(release)

	shop := common.Named("shop").Step("charge", charge)
	gift := common.Named("gift").Step("pack", pack)

	fmt.Print(shop.MustBuild())
	fmt.Print(gift.MustBuild())
	// Output:
	// shop (on failure: abort)
	// ├── reserve  (compensation)
	// └── charge
	// gift (on failure: abort)
	// ├── reserve  (compensation)
	// └── pack
}

// In a loop, take the Builder out of the StepBuilder.
func ExampleBuilder_loop() {
	b := chain.New[Order]().Named("pack")
	for _, item := range []string{"lamp", "book"} {
		b = b.Step("pack "+item, pack).Compensate(unpack).Builder
	}
	fmt.Print(b.MustBuild())
	// Output:
	// pack (on failure: abort)
	// ├── pack lamp  (compensation)
	// └── pack book  (compensation)
}

func ExampleBuilder_Named() {
	plan := chain.New[Order]().Named("checkout").Step("reserve", reserve).MustBuild()
	fmt.Println(plan.Name())
	// Output: checkout
}

func ExampleBuilder_Step() {
	plan := chain.New[Order]().
		Step("reserve", reserve).
		Step("count", func(ctx context.Context, o *Order) error {
			if len(o.Items) == 0 {
				return fmt.Errorf("nothing to buy")
			}
			return nil
		}).
		MustBuild()
	fmt.Print(plan)
	// Output:
	// plan (on failure: abort)
	// ├── reserve
	// └── count
}

func ExampleBuilder_AsyncStep() {
	plan := chain.New[Order]().Named("invoice").AsyncStep("render", render).MustBuild()
	fmt.Print(plan)
	fmt.Println(plan.Async())
	// Output:
	// invoice (on failure: abort)
	// └── render  (async step)
	// true
}

func ExampleBuilder_Process() {
	fulfil := chain.New[Order]().
		Step("pack", pack).
		Step("ship", ship)
	plan := chain.New[Order]().
		Step("charge", charge).
		Process("fulfil", fulfil).
		MustBuild()
	for s := range plan.Steps() {
		fmt.Println(s.Path)
	}
	// Output:
	// charge
	// fulfil
	// fulfil/pack
	// fulfil/ship
}

func ExampleBuilder_Parallel() {
	plan := chain.New[Order]().Named("tell").
		Parallel("notify", chain.New[Order]().
			Step("mail", mail).
			Step("sms", sms).
			Process("parcel", chain.New[Order]().
				Step("pack", pack).
				Step("ship", ship))).
		MustBuild()
	fmt.Print(plan)
	// Output:
	// tell (on failure: abort)
	// └── notify  (parallel)
	//     ├── mail
	//     ├── sms
	//     └── parcel  (process)
	//         ├── pack
	//         └── ship
}

// The plan undoes what it did, but a notice that is not sent stops nothing.
func ExampleBuilder_OnFailure() {
	plan := chain.New[Order]().Named("checkout").
		Step("charge", charge).Compensate(refund).
		Process("notify", chain.New[Order]().
			Step("mail", mail).
			Step("sms", sms).
			OnFailure(policy.Continue)).
		OnFailure(policy.Compensate).
		MustBuild()
	fmt.Print(plan)
	// Output:
	// checkout (on failure: compensate)
	// ├── charge  (compensation)
	// └── notify  (process, on failure: continue)
	//     ├── mail
	//     └── sms
}

func ExampleBuilder_Within() {
	plan := chain.New[Order]().Named("checkout").
		Step("charge", charge).
		Process("fulfil", chain.New[Order]().Step("pack", pack).Within(time.Minute)).
		Within(time.Hour).
		MustBuild()
	fmt.Print(plan)
	// Output:
	// checkout (on failure: abort, within 1h0m0s)
	// ├── charge
	// └── fulfil  (process, within 1m0s)
	//     └── pack
}
