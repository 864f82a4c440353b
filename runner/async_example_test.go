package runner_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func ExampleAsync_Run() {
	bake := func(_ context.Context, o *Order) <-chan error {
		done := make(chan error, 1)
		go func() {
			o.Notes = append(o.Notes, "baked")
			done <- nil
		}()
		return done
	}
	plan := chain.New[Order]().AsyncStep("bake", bake).Step("serve", note("served")).MustBuild()

	_, err := runner.NewSync(plan).Run(context.Background(), Order{})
	fmt.Println(errors.Is(err, chain.ErrAsync))

	out, err := runner.NewAsync(plan).Run(context.Background(), Order{})
	fmt.Println(out.Context.Data.Notes, err)
	// Output:
	// true
	// [baked served] <nil>
}

func ExampleAsync_Start() {
	plan := chain.New[Order]().
		Step("charge", note("charged")).Compensate(note("refunded")).
		Step("ship", func(ctx context.Context, _ *Order) error {
			<-ctx.Done() // waits for a courier
			return context.Cause(ctx)
		}).
		OnFailure(policy.Compensate).
		MustBuild()
	shop := runner.NewAsync(plan)

	order := shop.Start(context.Background(), Order{}, chain.WithID("o-1"))
	order.Cancel(errors.New("the customer changed her mind"))
	out, err := order.Wait(context.Background())

	fmt.Println(order.ID(), out.Status)
	fmt.Println(err != nil, order.Progress().Status)
	// Output:
	// o-1 compensated
	// true compensated
}

func ExampleHandle_Progress() {
	plan := chain.New[Order]().Step("charge", note("charged")).Step("ship", note("shipped")).MustBuild()

	order := runner.NewAsync(plan).Start(context.Background(), Order{})
	<-order.Done()

	p := order.Progress()
	fmt.Printf("%s: %d of %d steps\n", p.Status, p.Completed, p.Steps)
	// Output: succeeded: 2 of 2 steps
}

func ExampleAsync_Shutdown() {
	shop := runner.NewAsync(chain.New[Order]().Step("charge", note("charged")).MustBuild())
	order := shop.Start(context.Background(), Order{})

	fmt.Println(shop.Shutdown(context.Background()))

	out, _ := order.Wait(context.Background())
	fmt.Println(out.Status)
	_, err := shop.Run(context.Background(), Order{})
	fmt.Println(err)
	// Output:
	// <nil>
	// succeeded
	// runner: shut down
}
