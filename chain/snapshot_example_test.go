package chain_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func say(word string) builder.StepFunc[[]string] {
	return func(_ context.Context, words *[]string) error {
		*words = append(*words, word)
		return nil
	}
}

func ExampleRestore() {
	healed := false
	plan := chain.New[[]string]().
		Step("a", say("a")).
		Step("b", func(ctx context.Context, words *[]string) error {
			if !healed {
				return errors.New("no connection")
			}
			return say("b")(ctx, words)
		}).
		OnFailure(policy.Abort).
		MustBuild()

	out, err := runner.NewSync(plan).Run(context.Background(), nil)
	fmt.Println(out.Status, err != nil)
	snapshot := out.Context.Snapshot() // plain data: store it as you like

	healed = true
	exec, err := chain.Restore(snapshot)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(exec.Status(), exec.Completed(), exec.Data)
	out, err = runner.NewSync(plan).Resume(context.Background(), exec)
	fmt.Println(out.Status, out.Context.Data, err)
	// Output:
	// aborted true
	// aborted [a] [a]
	// succeeded [a b] <nil>
}
