package runner_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func ExampleLogTo() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelWarn, // a busy service keeps retries, undos and failures only
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "execution" {
				return slog.Attr{}
			}
			return a
		},
	}))
	plan := chain.New[Order]().Named("checkout").
		Step("charge", note("charged")).Compensate(note("refunded")).
		Step("ship", ship).
		OnFailure(policy.Compensate).
		MustBuild()

	runner.NewSync(plan, runner.LogTo(logger)).Run(context.Background(), Order{})
	// Output:
	// level=ERROR msg=failed plan=checkout step=ship phase=forward attempt=1 error="no courier today"
	// level=WARN msg=compensating plan=checkout step=charge phase=compensation attempt=1
	// level=WARN msg=compensated plan=checkout step=charge phase=compensation attempt=1
	// level=WARN msg=plan_ended plan=checkout status=compensated
}

func ExampleLogger() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == runner.ExecutionKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	charge := func(ctx context.Context, _ *Order) error {
		runner.Logger(ctx).Info("the bank is slow today", "took", "3s")
		return nil
	}
	plan := chain.New[Order]().Named("checkout").Step("charge", charge).MustBuild()

	_, err := runner.NewSync(plan, runner.LogTo(logger)).Run(context.Background(), Order{})
	fmt.Println(err)
	// Output:
	// level=INFO msg=plan_started plan=checkout
	// level=INFO msg="the bank is slow today" plan=checkout step=charge phase=forward attempt=1 took=3s
	// level=INFO msg=succeeded plan=checkout step=charge phase=forward attempt=1
	// level=INFO msg=plan_ended plan=checkout status=succeeded
	// <nil>
}
