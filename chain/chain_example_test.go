package chain_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

type Order struct {
	Item string
	Paid bool
}

func ExampleNew() {
	reserve := func(_ context.Context, o *Order) error { fmt.Println("reserve", o.Item); return nil }
	release := func(_ context.Context, o *Order) error { fmt.Println("release", o.Item); return nil }
	charge := func(context.Context, *Order) error { return errors.New("declined") }

	plan, err := chain.New[Order]().Named("checkout").
		Step("reserve", reserve).Compensate(release).
		Step("charge", charge).Retry(policy.Fixed(3, 0)).
		OnFailure(policy.Compensate).
		Build()
	if err != nil {
		fmt.Println(err) // all that is wrong with the plan, at once
		return
	}
	exec := chain.NewExecutionContext(Order{Item: "lamp"}, chain.WithID("order-7"))
	out, err := runner.NewSync(plan).Resume(context.Background(), exec)
	fmt.Println(out.Status)
	fmt.Println(err)
	// Output:
	// reserve lamp
	// release lamp
	// compensated
	// taskchain: plan "checkout": execution order-7 compensated: step "charge" failed after 3 attempts: declined
}

func ExampleDo() {
	plan := chain.New[Order]().
		Step("charge", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[Order]) error {
			exec.Data.Paid = true
			exec.Log(slog.LevelInfo, "charged for "+exec.Data.Item)
			return nil
		})).
		MustBuild()

	out, err := runner.NewSync(plan).Run(context.Background(), Order{Item: "lamp"})
	fmt.Println(out.Context.Data, err)
	for _, e := range out.Context.Trace() {
		if e.Kind == chain.KindLog {
			fmt.Println(e.Level, e.Path, e.Message)
		}
	}
	// Output:
	// {lamp true} <nil>
	// INFO charge charged for lamp
}
