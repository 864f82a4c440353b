package chain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

var errSoldOut = errors.New("sold out")

var _ = chain.RegisterError("example.sold_out", errSoldOut)

// An error is known again in another process, where an execution was read back.
func ExampleRegisterError() {
	plan := chain.New[int]().
		Step("reserve", func(context.Context, *int) error { return fmt.Errorf("lamps: %w", errSoldOut) }).MustBuild()
	out, _ := runner.NewSync(plan).Run(context.Background(), 0)
	doc, _ := json.Marshal(out.Context)

	var read chain.ExecutionContext[int]
	if err := json.Unmarshal(doc, &read); err != nil {
		fmt.Println(err)
		return
	}
	_, err := read.Outcome()
	fmt.Println(errors.Is(err, errSoldOut))
	// Output: true
}
