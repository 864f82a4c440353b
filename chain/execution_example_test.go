package chain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func ok(context.Context, *Order) error { return nil }

func ExampleNewExecutionContext() {
	plan := chain.New[Order]().Step("charge", ok).MustBuild()

	exec := chain.NewExecutionContext(Order{Item: "lamp"},
		chain.WithID("order-7"),
		chain.WithMetadata(map[string]any{"tenant": "acme"}))
	fmt.Println(exec.ID, exec.Status())

	out, err := runner.NewSync(plan).Resume(context.Background(), exec)
	tenant, _ := out.Context.Get("tenant")
	fmt.Println(out.Context.ID, out.Status, tenant, err)
	// Output:
	// order-7 pending
	// order-7 succeeded acme <nil>
}

func ExampleExecutionContext_Completed() {
	plan := chain.New[Order]().
		Step("reserve", ok).Compensate(ok).
		Step("quote", ok).
		Step("charge", ok).Compensate(ok).
		Step("ship", func(context.Context, *Order) error { return errors.New("no such street") }).
		OnFailure(policy.Compensate).
		MustBuild()

	out, _ := runner.NewSync(plan).Run(context.Background(), Order{})
	fmt.Println("completed:", out.Context.Completed())
	fmt.Println("compensated:", out.Context.Compensated())
	// Output:
	// completed: [quote]
	// compensated: [charge reserve]
}

func ExampleExecutionContext_Set() {
	plan := chain.New[Order]().
		Step("charge", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[Order]) error {
			exec.Set("receipt", "r-17")
			return nil
		})).
		MustBuild()

	out, _ := runner.NewSync(plan).Run(context.Background(), Order{})
	receipt, found := out.Context.Get("receipt")
	fmt.Println(receipt, found)
	// Output:
	// r-17 true
}

func ExampleExecutionContext_Log() {
	plan := chain.New[Order]().
		Step("charge", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[Order]) error {
			exec.Log(slog.LevelWarn, "the card expires soon")
			return nil
		})).
		MustBuild()

	out, _ := runner.NewSync(plan, runner.WithObserver(func(_ context.Context, e chain.Event) {
		if e.Kind == chain.KindLog {
			fmt.Println(e.Level, e.Path, e.Message)
		}
	})).Run(context.Background(), Order{})
	fmt.Println(len(out.Context.Trace()), "events")
	// Output:
	// WARN charge the card expires soon
	// 5 events
}

func ExampleExecutionContext_Marks() {
	plan := chain.New[Order]().Named("checkout").
		Step("reserve", ok).Compensate(ok).
		Step("charge", func(context.Context, *Order) error { return errors.New("declined") }).
		Step("ship", ok).
		OnFailure(policy.Compensate).
		MustBuild()

	out, _ := runner.NewSync(plan).Run(context.Background(), Order{})
	marks := out.Context.Marks()
	for path, mark := range marks {
		mark.Note = "" // how long it took
		marks[path] = mark
	}
	fmt.Print(plan.Picture(marks))
	// Output:
	// checkout (on failure: compensate)
	// ├── ↩ reserve  (compensation)
	// ├── ✗ charge
	// └── · ship
}

func ExampleExecutionContext_MarshalJSON() {
	exec := chain.NewExecutionContext(Order{Item: "lamp"}, chain.WithID("order-7"))
	doc, err := json.Marshal(exec)
	fmt.Println(string(doc), err)

	var back chain.ExecutionContext[Order]
	err = json.Unmarshal(doc, &back)
	fmt.Println(back.ID, back.Status(), back.Data, err)
	// Output:
	// {"version":1,"id":"order-7","status":"pending","data":{"Item":"lamp","Paid":false}} <nil>
	// order-7 pending {lamp false} <nil>
}
