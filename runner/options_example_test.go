package runner_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func ExampleWithObserver() {
	retries := 0
	count := runner.WithObserver(func(_ context.Context, e chain.Event) {
		if e.Kind == chain.KindRetrying {
			retries++
		}
	})
	plan := chain.New[Order]().Step("ship", ship).Retry(policy.Fixed(3, 0)).MustBuild()

	_, err := runner.NewSync(plan, count).Run(context.Background(), Order{})

	fmt.Println(retries, errors.Is(err, errNoCourier))
	// Output: 2 true
}

func ExampleWithInterceptor() {
	tell := runner.WithInterceptor(func(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error {
		err := next(ctx)
		fmt.Println(step.Path, step.Phase, step.Attempt, err)
		return err
	})
	plan := chain.New[Order]().
		Step("charge", note("charged")).Compensate(note("refunded")).
		Step("ship", ship).
		OnFailure(policy.Compensate).
		MustBuild()

	runner.NewSync(plan, tell).Run(context.Background(), Order{})
	// Output:
	// charge forward 1 <nil>
	// ship forward 1 no courier today
	// charge compensation 1 <nil>
}

func ExampleWithErrorText() {
	declined := errors.New("card 4111 1111 declined")
	plan := chain.New[Order]().Step("charge", func(context.Context, *Order) error { return declined }).MustBuild()
	discreet := runner.WithErrorText(func(error) string { return "declined" })

	out, err := runner.NewSync(plan, discreet).Run(context.Background(), Order{})

	for _, event := range out.Context.Trace() {
		if event.Kind == chain.KindFailed {
			fmt.Println("trace:", event.Error)
		}
	}
	fmt.Println("caller:", errors.Is(err, declined))
	// Output:
	// trace: declined
	// caller: true
}

func ExampleWithConcurrency() {
	plan := chain.New[Order]().Step("charge", note("charged")).MustBuild()
	shop := runner.NewAsync(plan, runner.WithConcurrency(2)) // no more than two charges at once

	var orders []*runner.Handle[Order]
	for range 10 {
		orders = append(orders, shop.Start(context.Background(), Order{}))
	}
	for _, order := range orders {
		<-order.Done()
	}
	fmt.Println(len(orders), "charged")
	// Output: 10 charged
}

func ExampleOptions() {
	told := 0
	telemetry := runner.Options( // to be given to every runner
		runner.WithObserver(func(context.Context, chain.Event) { told++ }),
		runner.WithErrorText(func(error) string { return "(not shown)" }),
	)
	plan := chain.New[Order]().Step("charge", note("charged")).MustBuild()

	_, err := runner.NewSync(plan, telemetry).Run(context.Background(), Order{})
	fmt.Println(told, err)
	// Output: 4 <nil>
}

func ExampleErrShutdown() {
	shop := runner.NewAsync(chain.New[Order]().Step("charge", note("charged")).MustBuild())
	_ = shop.Shutdown(context.Background())

	_, err := shop.Run(context.Background(), Order{})
	fmt.Println(errors.Is(err, runner.ErrShutdown))
	// Output: true
}
