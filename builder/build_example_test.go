package builder_test

import (
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
)

// Build reports all faults at once, each with the place of the call.
func ExampleBuilder_Build() {
	_, err := chain.New[Order]().Named("checkout").
		Step("reserve", nil).
		Step("charge", charge).Timeout(0).
		Process("fulfil", chain.New[Order]()).
		Build()
	fmt.Println(err)
	// Output:
	// builder: plan "checkout": step "reserve": nil func (build_example_test.go:12)
	// builder: plan "checkout": step "charge": Timeout must be positive, got 0s (build_example_test.go:13)
	// builder: plan "checkout": step "fulfil": no steps (build_example_test.go:14)
}

// shipping is a package variable: a fault in it would stop the program as it
// starts.
var shipping = chain.New[Order]().Named("shipping").
	Step("pack", pack).
	Step("ship", ship).
	MustBuild()

func ExampleBuilder_MustBuild() {
	fmt.Println(shipping.Name())
	// Output: shipping
}
