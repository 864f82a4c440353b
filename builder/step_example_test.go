package builder_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

var errDeclined = errors.New("declined")

func ExampleStepBuilder() {
	plan := chain.New[Order]().Named("checkout").
		Step("charge", charge).
		Describe("takes the money").
		Retry(policy.Fixed(3, time.Second)).
		Timeout(2 * time.Second).
		Compensate(refund).
		RetryCompensation(policy.Exponential(10, time.Second)).
		CompensationTimeout(5 * time.Second).
		CompensateOnFailure().
		MustBuild()
	fmt.Print(plan)
	// Output:
	// checkout (on failure: abort)
	// └── charge  (3 attempts, fixed 1s, timeout 2s, compensation (even if it fails, 10 attempts, exponential from 1s, timeout 5s))  takes the money
}

func ExampleStepBuilder_Retry() {
	plan := chain.New[Order]().
		Step("charge", charge).
		Retry(policy.Exponential(5, 100*time.Millisecond).Jitter(0.2).GiveUpOn(policy.Is(errDeclined))).
		MustBuild()
	for s := range plan.Steps() {
		fmt.Println(s.Path, s.Retry.Attempts())
	}
	// Output: charge 5
}

func ExampleStepBuilder_Timeout() {
	plan := chain.New[Order]().Step("charge", charge).Timeout(2 * time.Second).MustBuild()
	for s := range plan.Steps() {
		fmt.Println(s.Path, s.Timeout)
	}
	// Output: charge 2s
}

func ExampleStepBuilder_Compensate() {
	plan := chain.New[Order]().Named("checkout").
		Step("reserve", reserve).Compensate(release).
		Step("charge", charge).Compensate(refund).
		OnFailure(policy.Compensate).
		MustBuild()
	fmt.Print(plan)
	// Output:
	// checkout (on failure: compensate)
	// ├── reserve  (compensation)
	// └── charge  (compensation)
}

func ExampleStepBuilder_CompensateAsync() {
	plan := chain.New[Order]().Named("invoice").
		Step("charge", charge).CompensateAsync(render).
		MustBuild()
	fmt.Print(plan)
	fmt.Println(plan.Async())
	// Output:
	// invoice (on failure: abort)
	// └── charge  (async compensation)
	// true
}

func ExampleStepBuilder_RetryCompensation() {
	plan := chain.New[Order]().Named("checkout").
		Step("charge", charge).
		Compensate(refund).RetryCompensation(policy.Fixed(10, time.Minute)).
		MustBuild()
	fmt.Print(plan)
	// Output:
	// checkout (on failure: abort)
	// └── charge  (compensation (10 attempts, fixed 1m0s))
}

func ExampleStepBuilder_CompensationTimeout() {
	plan := chain.New[Order]().Named("checkout").
		Step("charge", charge).
		Compensate(refund).CompensationTimeout(time.Minute).
		MustBuild()
	fmt.Print(plan)
	// Output:
	// checkout (on failure: abort)
	// └── charge  (compensation (timeout 1m0s))
}

// The reply to a request may be lost after the money has moved.
func ExampleStepBuilder_CompensateOnFailure() {
	plan := chain.New[Order]().Named("checkout").
		Step("charge", charge).Compensate(refund).CompensateOnFailure().
		MustBuild()
	fmt.Print(plan)
	// Output:
	// checkout (on failure: abort)
	// └── charge  (compensation (even if it fails))
}

func ExampleStepBuilder_When() {
	plan := chain.New[Order]().Named("ship").
		Step("pack", pack).
		Step("sms", sms).When(func(ctx context.Context, o *Order) bool { return o.Express }).
		MustBuild()
	fmt.Print(plan)
	// Output:
	// ship (on failure: abort)
	// ├── pack
	// └── sms  (conditional)
}

func ExampleStepBuilder_Describe() {
	plan := chain.New[Order]().Named("ship").Step("pack", pack).Describe("wraps fragile items").MustBuild()
	fmt.Print(plan)
	// Output:
	// ship (on failure: abort)
	// └── pack  wraps fragile items
}
