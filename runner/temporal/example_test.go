package temporal_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

type Order struct{ Reserved, Paid bool }

func reserve(_ context.Context, o *Order) error { o.Reserved = true; return nil }
func release(_ context.Context, o *Order) error { o.Reserved = false; return nil }
func charge(_ context.Context, o *Order) error  { o.Paid = true; return nil }

// plan is the same for workers and callers.
var plan = chain.New[Order]().Named("checkout").
	Step("reserve", reserve).Compensate(release).
	Step("charge", charge).Retry(policy.Exponential(5, time.Second)).
	OnFailure(policy.Compensate).
	MustBuild()

// A worker executes the steps of the plans that are registered with it.
func ExampleRegister() {
	c, err := client.Dial(client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	w := worker.New(c, "checkout", temporal.Recommended(worker.Options{}))
	err = temporal.Register(w, plan,
		temporal.With(runner.LogTo(slog.Default()), runner.WithConcurrency(16)),
		temporal.MaxState(100<<10))
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Run(worker.InterruptCh()); err != nil {
		log.Fatal(err)
	}
}

// Run waits for the end, as that of every runner does.
func ExampleNewRunner() {
	c, err := client.Dial(client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	r := temporal.NewRunner(c, plan,
		temporal.Name("checkout"), // as the plan says as well
		temporal.TaskQueue("checkout"),
		temporal.Heartbeat(5*time.Second),
		temporal.LostWorkers(3),
		temporal.Backstop(time.Hour),
		temporal.MissingAfter(time.Minute),
		temporal.MaxHistory(10_000),
		temporal.SearchAttributes(),
		temporal.StartOptions(func(o *client.StartWorkflowOptions) { o.Memo = map[string]any{"tenant": "acme"} }))
	out, err := r.Run(context.Background(), Order{})
	if out.Status == chain.Aborted {
		out, err = r.Resume(context.Background(), out.Context)
	}
	fmt.Println(out.Status, err)
}

// Start leaves the execution to Temporal. Its Handle can be had anywhere, by the
// ID.
func ExampleRunner_Start() {
	c, err := client.Dial(client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	r := temporal.NewRunner(c, plan)
	started, err := r.Start(ctx, Order{}, chain.WithID("order-7"))
	if err != nil {
		log.Fatal(err)
	}
	h := r.Handle(started.ID())
	progress, err := h.Progress(ctx)
	fmt.Println(progress.Completed, "of", progress.Steps, progress.Underway, err)
	if exec, err := h.Context(ctx); err == nil {
		fmt.Print(exec.Trace())
	}
	if err := h.Cancel(ctx, errors.New("the customer has changed her mind")); err != nil {
		log.Fatal(err)
	}
	out, err := h.Wait(ctx)
	fmt.Println(out.Status, err) // compensated
}
