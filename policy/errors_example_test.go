package policy_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/taskchain-go/taskchain/policy"
)

func ExamplePermanent() {
	r := policy.Exponential(5, 100*time.Millisecond)
	err := policy.Permanent(errDeclined)

	fmt.Println(err)
	fmt.Println(errors.Is(err, errDeclined))
	fmt.Println(r.ShouldRetry(1, fmt.Errorf("charge: %w", err)))
	// Output:
	// card declined
	// true
	// false
}

func ExampleRetryAfter() {
	r := policy.Exponential(5, 100*time.Millisecond)
	b := r.NewBackOff()

	for _, err := range []error{
		errBusy,
		policy.RetryAfter(errBusy, 30*time.Second), // the server said: Retry-After: 30
		policy.RetryAfter(errBusy, time.Hour),
		errBusy,
	} {
		delay, _ := r.Delay(b, err, 0)
		fmt.Println(delay)
	}
	// Output:
	// 100ms
	// 30s
	// 1m0s
	// 800ms
}
