package engine_test

import (
	"context"
	"fmt"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// A dryHost is a runner's Host that says what it would do.
type dryHost struct{ engine.Local }

func (dryHost) Attempt(_ context.Context, s *builder.Step, phase chain.Phase) error {
	fmt.Println(phase, s.Path)
	return nil
}

func (dryHost) Condition(context.Context, *builder.Step) bool { return true }

// A new runner is a new Host: here one that calls no function of the plan.
func ExampleHost() {
	pay := func(context.Context, *int) error { panic("not in a dry run") }
	plan := chain.New[int]().Step("pay", pay).Process("fulfil", chain.New[int]().Step("pack", pay)).MustBuild()

	exec := chain.NewExecutionContext(0)
	start := time.Now()
	host := &dryHost{engine.Local{Start: start}}
	execution, err := engine.Begin(context.Background(), engine.Compile(plan, engine.Options{}), exec, host, start)
	if err != nil {
		fmt.Println(err)
		return
	}
	execution.Drive()
	out, err := engine.Outcome(execution, exec)
	fmt.Println(out.Status, err)
	// Output:
	// forward pay
	// forward fulfil/pack
	// succeeded <nil>
}
