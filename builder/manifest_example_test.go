package builder_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

func ExamplePlan_Manifest() {
	plan := chain.New[Order]().Named("checkout").
		Step("charge", charge).Timeout(2 * time.Second).Compensate(refund).
		OnFailure(policy.Compensate).
		MustBuild()
	text, err := json.MarshalIndent(plan.Manifest(), "", "  ")
	fmt.Println(string(text), err)
	// Output:
	// {
	//   "name": "checkout",
	//   "fingerprint": "98666a06155aada02fd028c07dd34e23",
	//   "on_failure": "compensate",
	//   "steps": [
	//     {
	//       "path": "charge",
	//       "kind": "step",
	//       "timeout": "2s",
	//       "compensation": "sync"
	//     }
	//   ]
	// } <nil>
}
