package policy_test

import (
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/taskchain-go/taskchain/policy"
)

// How a runner uses a Retry. A plan's user never writes this.
func ExampleRetry_Delay() {
	r := policy.Exponential(4, 100*time.Millisecond)
	step := func(attempt int) error {
		if attempt < 3 {
			return errBusy
		}
		return nil
	}

	b, elapsed := r.NewBackOff(), time.Duration(0)
	for attempt := 1; ; attempt++ {
		err := step(attempt)
		fmt.Println("attempt", attempt, err)
		if !r.ShouldRetry(attempt, err) {
			break
		}
		delay, ok := r.Delay(b, err, elapsed)
		if !ok {
			break
		}
		fmt.Println("wait", delay)
		elapsed += delay // a real runner waits, and asks its clock
	}
	// Output:
	// attempt 1 busy
	// wait 100ms
	// attempt 2 busy
	// wait 200ms
	// attempt 3 <nil>
}

func ExampleRetry_NewBackOff() {
	b := policy.Linear(3, time.Second).NewBackOff()

	fmt.Println(b.NextBackOff(), b.NextBackOff())
	b.Reset()
	fmt.Println(b.NextBackOff())
	// Output:
	// 1s 2s
	// 1s
}

// How a runner asks all at once. A plan's user never writes this.
func ExampleRetry_Next() {
	r := policy.Linear(3, time.Second)
	var b backoff.BackOff // of one run of a step

	for attempt := 1; ; attempt++ {
		delay, again := r.Next(&b, attempt, errBusy, 0)
		if !again {
			fmt.Println("attempt", attempt, "was the last")
			return
		}
		fmt.Println("wait", delay)
	}
	// Output:
	// wait 1s
	// wait 2s
	// attempt 3 was the last
}
