package policy_test

import (
	"errors"
	"testing"

	"github.com/cenkalti/backoff/v4"

	"github.com/taskchain-go/taskchain/policy"
)

// Two failures and a success without delay: all that a runner asks of a Retry, beside cenkalti's own loop.
func BenchmarkTwoFailures(b *testing.B) {
	busy := errors.New("busy")
	newStep := func() func() error {
		calls := 0
		return func() error {
			if calls++; calls < 3 {
				return busy
			}
			return nil
		}
	}

	run := func(b *testing.B, r policy.Retry) {
		b.ReportAllocs()
		for b.Loop() {
			step, strategy := newStep(), r.NewBackOff()
			for attempt := 1; ; attempt++ {
				err := step()
				if err == nil {
					break
				}
				if !r.ShouldRetry(attempt, err) {
					b.Fatal("given up")
				}
				if _, ok := r.Delay(strategy, err, 0); !ok {
					b.Fatal("stopped")
				}
			}
		}
	}
	b.Run("policy", func(b *testing.B) { run(b, policy.Fixed(3, 0)) })
	b.Run("policy with matches", func(b *testing.B) {
		run(b, policy.Fixed(3, 0).RetryOn(policy.Is(busy)).GiveUpOn(policy.Is(errDeclined)))
	})
	b.Run("cenkalti", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := backoff.Retry(newStep(), backoff.WithMaxRetries(&backoff.ZeroBackOff{}, 2)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
