package builder_test

import (
	"fmt"

	"github.com/taskchain-go/taskchain/builder"
)

func ExampleState() {
	for s := builder.Untouched; s <= builder.CompensationFailed; s++ {
		fmt.Println(s)
	}
	// Output:
	// untouched
	// underway
	// completed
	// skipped
	// failed
	// compensated
	// compensation failed
}
