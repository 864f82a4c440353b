package builder_test

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

func ExampleInvalidError() {
	_, err := chain.New[Order]().Named("checkout").
		Step("charge", nil).
		Build()
	var invalid *builder.InvalidError
	if errors.As(err, &invalid) {
		fmt.Println(invalid.Plan, invalid.Path, invalid.Reason)
		fmt.Println(filepath.Base(invalid.File), invalid.Line)
	}
	// Output:
	// checkout charge nil func
	// errors_example_test.go 14
}
