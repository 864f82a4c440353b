package runner_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

func ExampleQuery_Matches() {
	unfinished := runner.Query{Plan: "checkout", Statuses: runner.Unfinished()}
	fmt.Println(unfinished.Matches(runner.Head{Plan: "checkout", Status: chain.Compensating}))
	fmt.Println(unfinished.Matches(runner.Head{Plan: "checkout", Status: chain.Stuck}))
	// Output:
	// true
	// false
}

func ExampleErrConflict() {
	ctx := context.Background()
	store := storetest.NewMemory()
	first := runner.Record{Head: runner.Head{ID: "o-1"}, Whole: true}
	fmt.Println(store.Append(ctx, first))
	fmt.Println(errors.Is(store.Append(ctx, first), runner.ErrConflict)) // somebody else has written it
	// Output:
	// <nil>
	// true
}
