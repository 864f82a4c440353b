package policy_test

import (
	"fmt"
	"io"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/taskchain-go/taskchain/policy"
)

// delays prints how long r waits after each failing attempt.
func delays(r policy.Retry) {
	b := r.NewBackOff()
	for attempt := 1; r.ShouldRetry(attempt, errBusy); attempt++ {
		delay, ok := r.Delay(b, errBusy, 0)
		if !ok {
			break
		}
		fmt.Print(delay, " ")
	}
	fmt.Println()
}

func ExampleRetry() {
	network := policy.Exponential(5, 100*time.Millisecond).Jitter(0.2)

	// Each method returns a copy, so a policy of the house can be forked.
	payment := network.GiveUpOn(policy.Is(errDeclined))

	fmt.Println(network.ShouldRetry(1, errDeclined), payment.ShouldRetry(1, errDeclined))
	fmt.Println(policy.Retry{})
	// Output:
	// true false
	// 1 attempt
}

func ExampleFixed() {
	delays(policy.Fixed(4, time.Second))
	// Output: 1s 1s 1s
}

func ExampleLinear() {
	delays(policy.Linear(4, time.Second))
	// Output: 1s 2s 3s
}

func ExampleExponential() {
	delays(policy.Exponential(10, time.Second))
	// Output: 1s 2s 4s 8s 16s 32s 1m0s 1m0s 1m0s
}

func ExampleBackoff() {
	r := policy.Backoff(10, func() backoff.BackOff {
		return backoff.WithMaxRetries(backoff.NewConstantBackOff(time.Second), 2)
	})

	delays(r) // the strategy stops before the attempts are used up
	// Output: 1s 1s
}

func ExampleRetry_MaxDelay() {
	delays(policy.Exponential(6, time.Second).MaxDelay(5 * time.Second))
	// Output: 1s 2s 4s 5s 5s
}

func ExampleRetry_MaxElapsed() {
	r := policy.Fixed(100, 4*time.Second).MaxElapsed(10 * time.Second)
	b := r.NewBackOff()

	for _, elapsed := range []time.Duration{time.Second, 6 * time.Second, 7 * time.Second} {
		delay, ok := r.Delay(b, errBusy, elapsed)
		fmt.Println(delay, ok)
	}
	// Output:
	// 4s true
	// 4s true
	// 0s false
}

func ExampleRetry_Jitter() {
	b := policy.Fixed(5, time.Second).Jitter(0.2).NewBackOff()

	delay := b.NextBackOff()
	fmt.Println(delay >= time.Second, delay <= 1200*time.Millisecond)
	// Output: true true
}

func ExampleRetry_RetryOn() {
	r := policy.Fixed(3, time.Second).RetryOn(policy.Is(errBusy)).RetryOn(policy.Is(io.ErrUnexpectedEOF))

	fmt.Println(r.ShouldRetry(1, errBusy), r.ShouldRetry(1, io.ErrUnexpectedEOF), r.ShouldRetry(1, errDeclined))
	// Output: true true false
}

func ExampleRetry_GiveUpOn() {
	r := policy.Fixed(3, time.Second).GiveUpOn(policy.Is(errDeclined))

	fmt.Println(r.ShouldRetry(1, errBusy), r.ShouldRetry(1, errDeclined))
	// Output: true false
}

func ExampleRetry_Validate() {
	err := policy.Exponential(0, -time.Second).Jitter(2).Validate()

	fmt.Println(err)
	// Output:
	// retry: attempts must be at least 1, got 0
	// retry: delay must not be negative, got -1s
	// retry: jitter must be between 0 and 1, got 2
}

func ExampleRetry_String() {
	fmt.Println(policy.Exponential(5, 100*time.Millisecond))
	fmt.Println(policy.Fixed(3, time.Second))
	fmt.Println(policy.Fixed(3, 0))
	// Output:
	// 5 attempts, exponential from 100ms
	// 3 attempts, fixed 1s
	// 3 attempts
}

func ExampleRetry_IsZero() {
	fmt.Println(policy.Retry{}.IsZero(), policy.Fixed(1, 0).IsZero())
	// Output: true false
}
