package policy_test

import (
	"encoding/json"
	"fmt"

	"github.com/taskchain-go/taskchain/policy"
)

func ExampleFailure() {
	config := struct{ OnFailure policy.Failure }{}

	err := json.Unmarshal([]byte(`{"OnFailure": "compensate"}`), &config)
	fmt.Println(config.OnFailure, err)

	err = json.Unmarshal([]byte(`{"OnFailure": "undo"}`), &config)
	fmt.Println(err)
	// Output:
	// compensate <nil>
	// failure: unknown text "undo", want abort, continue or compensate
}
