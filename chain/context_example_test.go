package chain_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func ExampleFromContext() {
	// Any function that a step calls finds the execution, if it is told over
	// which type.
	audit := func(ctx context.Context) {
		if exec, ok := chain.FromContext[Order](ctx); ok {
			fmt.Println("audit:", exec.ID, exec.Status(), exec.Data.Item)
		}
	}
	plan := chain.New[Order]().
		Step("charge", func(ctx context.Context, _ *Order) error { audit(ctx); return nil }).
		MustBuild()

	exec := chain.NewExecutionContext(Order{Item: "lamp"}, chain.WithID("order-7"))
	_, _ = runner.NewSync(plan).Resume(context.Background(), exec)
	audit(context.Background()) // not a step: nothing
	// Output:
	// audit: order-7 running lamp
}

func ExampleStepFrom() {
	charge := func(ctx context.Context, _ *Order) error {
		step, _ := chain.StepFrom(ctx)
		fmt.Println("POST /charges, attempt", step.Attempt, "Idempotency-Key:", step.IdempotencyKey())
		if step.Attempt == 1 {
			return errors.New("connection lost: was it charged?")
		}
		return nil
	}
	refund := func(ctx context.Context, _ *Order) error {
		step, _ := chain.StepFrom(ctx)
		fmt.Println("POST /refunds, Idempotency-Key:", step.IdempotencyKey())
		fmt.Println("because:", step.Cause)
		return nil
	}
	plan := chain.New[Order]().
		Step("charge", charge).Retry(policy.Fixed(3, 0)).Compensate(refund).
		Step("ship", func(context.Context, *Order) error { return errors.New("no such street") }).
		OnFailure(policy.Compensate).
		MustBuild()

	exec := chain.NewExecutionContext(Order{}, chain.WithID("order-7"))
	_, _ = runner.NewSync(plan).Resume(context.Background(), exec)
	// Output:
	// POST /charges, attempt 1 Idempotency-Key: order-7/charge
	// POST /charges, attempt 2 Idempotency-Key: order-7/charge
	// POST /refunds, Idempotency-Key: order-7/charge//compensation
	// because: step "ship" failed: no such street
}

func ExampleExecutionFrom() {
	// For code that serves plans of any type, such as a logger.
	note := func(ctx context.Context, what string) {
		execution, ok := chain.ExecutionFrom(ctx)
		fmt.Println(ok, execution.Plan, execution.ID, what)
	}
	plan := chain.New[Order]().Named("checkout").
		Step("charge", func(ctx context.Context, _ *Order) error { note(ctx, "charging"); return nil }).
		MustBuild()

	exec := chain.NewExecutionContext(Order{}, chain.WithID("order-7"))
	_, _ = runner.NewSync(plan).Resume(context.Background(), exec)
	// Output:
	// true checkout order-7 charging
}
