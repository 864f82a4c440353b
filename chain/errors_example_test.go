package chain_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// A Timeout or Within that has passed is told from the caller's own deadline.
func ExampleErrTimeout() {
	wait := func(ctx context.Context, _ *Order) error { <-ctx.Done(); return ctx.Err() }
	plan := chain.New[Order]().Step("wait", wait).Timeout(time.Nanosecond).MustBuild()

	_, err := runner.NewSync(plan).Run(context.Background(), Order{})
	fmt.Println(errors.Is(err, chain.ErrTimeout), errors.Is(err, context.DeadlineExceeded))
	// Output: true true
}

func ExampleErrGoexit() {
	exit := func(context.Context, *Order) error { runtime.Goexit(); return nil } // as FailNow of package testing does
	plan := chain.New[Order]().Step("exit", exit).MustBuild()

	_, err := runner.NewAsync(plan).Run(context.Background(), Order{})
	fmt.Println(errors.Is(err, chain.ErrGoexit))
	// Output: true
}

// A plan may grow behind what an execution has recorded; what is recorded must
// still be there.
func ExampleErrPlanChanged() {
	fail := func(context.Context, *Order) error { return errors.New("no courier") }
	pass := func(context.Context, *Order) error { return nil }
	old := chain.New[Order]().Step("pack", pass).Step("ship", fail).MustBuild()
	out, _ := runner.NewSync(old).Run(context.Background(), Order{})

	changed := chain.New[Order]().Step("wrap", pass).Step("ship", pass).MustBuild()
	_, err := runner.NewSync(changed).Resume(context.Background(), out.Context)
	fmt.Println(errors.Is(err, chain.ErrPlanChanged))

	grown := chain.New[Order]().Step("pack", pass).Step("ship", pass).Step("tell", pass).MustBuild()
	_, err = runner.NewSync(grown).Resume(context.Background(), out.Context)
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleStatus_Finished() {
	for _, s := range []chain.Status{chain.Running, chain.Aborted, chain.Compensated} {
		fmt.Println(s, s.Ended(), s.Finished())
	}
	// Output:
	// running false false
	// aborted true false
	// compensated true true
}

func ExampleExecutionContext_Metadata() {
	exec := chain.NewExecutionContext(Order{}, chain.WithMetadata(map[string]any{"tenant": "acme"}))
	exec.Set("source", "web")
	fmt.Println(exec.Metadata())
	// Output: map[source:web tenant:acme]
}

func ExampleExecutionContext_Attach() {
	type key struct{} // of the observer's own
	slow := runner.WithObserver(func(ctx context.Context, e chain.Event) {
		exec, _ := chain.AnyFromContext(ctx)
		switch e.Kind {
		case chain.KindPlanStarted:
			exec.Attach(key{}, e.Time)
		case chain.KindPlanEnded:
			begun := exec.Attached(key{}).(time.Time)
			fmt.Println(e.Time.Sub(begun) > time.Hour)
		}
	})
	plan := chain.New[Order]().Step("pack", func(context.Context, *Order) error { return nil }).MustBuild()
	_, _ = runner.NewSync(plan, slow).Run(context.Background(), Order{})
	// Output: false
}
