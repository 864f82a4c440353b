package policy_test

import (
	"errors"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/policy"
)

func newConstant() backoff.BackOff { return backoff.NewConstantBackOff(time.Second) }

func TestZeroRetryIsOneAttempt(t *testing.T) {
	var r policy.Retry
	require.True(t, r.IsZero())
	require.NoError(t, r.Validate())
	require.Equal(t, 1, r.Attempts())
	require.Equal(t, "1 attempt", r.String())
	require.False(t, r.ShouldRetry(0, io.EOF))
	require.False(t, r.ShouldRetry(1, io.EOF))
	require.Equal(t, backoff.Stop, r.NewBackOff().NextBackOff())
	_, ok := r.Delay(r.NewBackOff(), io.EOF, 0)
	require.False(t, ok)
}

func TestIsZero(t *testing.T) {
	require.True(t, policy.Retry{}.RetryOn().GiveUpOn().IsZero())
	for name, r := range map[string]policy.Retry{
		"fixed":       policy.Fixed(0, 0),
		"linear":      policy.Linear(0, 0),
		"exponential": policy.Exponential(0, 0),
		"backoff":     policy.Backoff(0, nil),
		"max delay":   policy.Retry{}.MaxDelay(0),
		"max elapsed": policy.Retry{}.MaxElapsed(0),
		"jitter":      policy.Retry{}.Jitter(0.1),
		"retry on":    policy.Retry{}.RetryOn(nil),
		"give up on":  policy.Retry{}.GiveUpOn(nil),
	} {
		require.False(t, r.IsZero(), name)
	}
	require.Equal(t, 1, policy.Retry{}.MaxDelay(time.Second).Jitter(1).Attempts())
}

func TestShouldRetryCountsAttempts(t *testing.T) {
	for name, r := range map[string]policy.Retry{
		"fixed": policy.Fixed(3, 1), "linear": policy.Linear(3, 1), "exponential": policy.Exponential(3, 1), "backoff": policy.Backoff(3, newConstant),
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, 3, r.Attempts())
			require.True(t, r.ShouldRetry(1, io.EOF))
			require.True(t, r.ShouldRetry(2, io.EOF))
			require.False(t, r.ShouldRetry(3, io.EOF))
			require.False(t, r.ShouldRetry(4, io.EOF))
			require.False(t, r.ShouldRetry(math.MaxInt, io.EOF))
			require.False(t, r.ShouldRetry(1, nil))
		})
	}
	require.True(t, policy.Fixed(1000, 0).ShouldRetry(999, io.EOF), "1,000 attempts are 1,000 attempts")
	require.False(t, policy.Fixed(1, 0).ShouldRetry(1, io.EOF))
}

func TestShouldRetryOnInvalidAttempts(t *testing.T) {
	for _, attempts := range []int{0, -1, math.MinInt} {
		r := policy.Fixed(attempts, 0)
		require.Equal(t, attempts, r.Attempts(), "never corrected")
		for _, attempt := range []int{math.MinInt, attempts - 1, 0, 1, 2, math.MaxInt} {
			require.False(t, r.ShouldRetry(attempt, io.EOF))
		}
	}
}

func TestShouldRetryAsksMatches(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	base := policy.Fixed(3, 0)
	for _, tc := range []struct {
		name  string
		retry policy.Retry
		yes   []error
		no    []error
	}{
		{"everything by default", base, []error{a, b, c}, nil},
		{"retry on", base.RetryOn(policy.Is(a)), []error{a}, []error{b, c}},
		{"retry on accumulates", base.RetryOn(policy.Is(a)).RetryOn(policy.Is(b)), []error{a, b}, []error{c}},
		{"retry on several", base.RetryOn(policy.Is(a), policy.Is(b)), []error{a, b}, []error{c}},
		{"retry on nothing said", base.RetryOn(), []error{a, b, c}, nil},
		{"give up on", base.GiveUpOn(policy.Is(a)), []error{b, c}, []error{a}},
		{"give up on accumulates", base.GiveUpOn(policy.Is(a)).GiveUpOn(policy.Is(b)), []error{c}, []error{a, b}},
		{"give up wins", base.GiveUpOn(policy.Is(a)).RetryOn(policy.Is(a, b)), []error{b}, []error{a, c}},
		{"give up wins in any order", base.RetryOn(policy.Is(a, b)).GiveUpOn(policy.Is(a)), []error{b}, []error{a, c}},
		{"nil matches do not panic", base.RetryOn(nil, policy.Is(a)).GiveUpOn(nil), []error{a}, []error{b, c}},
		{"only a nil match", base.RetryOn(nil), nil, []error{a, b, c}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, err := range tc.yes {
				require.True(t, tc.retry.ShouldRetry(1, err), err)
			}
			for _, err := range tc.no {
				require.False(t, tc.retry.ShouldRetry(1, err), err)
			}
		})
	}
}

func TestGiveUpOnIsAskedFirst(t *testing.T) {
	var asked []string
	ask := func(name string, answer bool) policy.Match {
		return func(error) bool { asked = append(asked, name); return answer }
	}
	r := policy.Fixed(3, 0).RetryOn(ask("retry on", true)).GiveUpOn(ask("give up on", false))
	require.True(t, r.ShouldRetry(1, io.EOF))
	require.Equal(t, []string{"give up on", "retry on"}, asked)

	asked = nil
	require.False(t, r.ShouldRetry(3, io.EOF))
	require.False(t, r.ShouldRetry(1, policy.Permanent(io.EOF)))
	require.False(t, r.ShouldRetry(1, nil))
	require.Empty(t, asked, "no match is asked where the answer is known")
}

func TestRetryForksShareNothing(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")

	// Enough matches that an append could find spare capacity in a shared array.
	base := policy.Fixed(3, time.Second)
	for range 5 {
		base = base.RetryOn(policy.Is(a)).GiveUpOn(policy.Is(io.EOF))
	}
	onB, onC := base.RetryOn(policy.Is(b)), base.RetryOn(policy.Is(c))
	require.Equal(t, []bool{true, false, false}, []bool{base.ShouldRetry(1, a), base.ShouldRetry(1, b), base.ShouldRetry(1, c)})
	require.Equal(t, []bool{true, true, false}, []bool{onB.ShouldRetry(1, a), onB.ShouldRetry(1, b), onB.ShouldRetry(1, c)})
	require.Equal(t, []bool{true, false, true}, []bool{onC.ShouldRetry(1, a), onC.ShouldRetry(1, b), onC.ShouldRetry(1, c)})

	every := policy.Fixed(3, time.Second).GiveUpOn(policy.Is(io.EOF)).GiveUpOn(policy.Is(io.EOF)).GiveUpOn(policy.Is(io.EOF))
	notB, notC := every.GiveUpOn(policy.Is(b)), every.GiveUpOn(policy.Is(c))
	require.Equal(t, []bool{true, true}, []bool{every.ShouldRetry(1, b), every.ShouldRetry(1, c)})
	require.Equal(t, []bool{false, true}, []bool{notB.ShouldRetry(1, b), notB.ShouldRetry(1, c)})
	require.Equal(t, []bool{true, false}, []bool{notC.ShouldRetry(1, b), notC.ShouldRetry(1, c)})

	// The caller's own slice.
	matches := []policy.Match{policy.Is(a)}
	mine := policy.Fixed(3, 0).RetryOn(matches...)
	not := policy.Fixed(3, 0).GiveUpOn(matches...)
	matches[0] = policy.Is(b)
	require.True(t, mine.ShouldRetry(1, a))
	require.False(t, not.ShouldRetry(1, a))

	// The scalars.
	base.MaxDelay(1).MaxElapsed(1).Jitter(1)
	d, ok := base.Delay(base.NewBackOff(), a, time.Hour)
	require.True(t, ok)
	require.Equal(t, time.Second, d)
}

func TestRetryIsConcurrencySafe(t *testing.T) {
	base := policy.Exponential(5, time.Millisecond).Jitter(0.5).RetryOn(policy.Is(io.EOF)).GiveUpOn(policy.Is(io.ErrNoProgress))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				r := base.RetryOn(policy.Is(io.ErrClosedPipe)).GiveUpOn(policy.Is(io.ErrShortWrite)).MaxDelay(time.Second)
				b := r.NewBackOff()
				if d, ok := r.Delay(b, io.EOF, 0); !ok || d < time.Millisecond || !r.ShouldRetry(1, io.EOF) || r.Validate() != nil || r.String() != base.String() {
					t.Errorf("delay %v, ok %v", d, ok)
				}
			}
		})
	}
	wg.Wait()
}

func TestValidate(t *testing.T) {
	ok := policy.Is(io.EOF)
	for _, tc := range []struct {
		name   string
		retry  policy.Retry
		faults []string
	}{
		{"zero value", policy.Retry{}, nil},
		{"zero value with limits", policy.Retry{}.MaxDelay(1).MaxElapsed(1).Jitter(1), nil},
		{"fixed", policy.Fixed(1, 0), nil},
		{"all said", policy.Exponential(math.MaxInt, math.MaxInt64).MaxDelay(math.MaxInt64).MaxElapsed(1).Jitter(0).RetryOn(ok).GiveUpOn(ok), nil},
		{"backoff", policy.Backoff(3, newConstant), nil},
		{"no attempts", policy.Fixed(0, 0), []string{"retry: attempts must be at least 1, got 0"}},
		{"negative attempts", policy.Backoff(-3, newConstant), []string{"retry: attempts must be at least 1, got -3"}},
		{"negative delay", policy.Linear(1, -time.Second), []string{"retry: delay must not be negative, got -1s"}},
		{"no max delay", policy.Fixed(1, 0).MaxDelay(0), []string{"retry: max delay must be positive, got 0s"}},
		{"negative max delay", policy.Fixed(1, 0).MaxDelay(-1), []string{"retry: max delay must be positive, got -1ns"}},
		{"no max elapsed", policy.Fixed(1, 0).MaxElapsed(0), []string{"retry: max elapsed must be positive, got 0s"}},
		{"negative jitter", policy.Fixed(1, 0).Jitter(-0.1), []string{"retry: jitter must be between 0 and 1, got -0.1"}},
		{"much jitter", policy.Fixed(1, 0).Jitter(1.01), []string{"retry: jitter must be between 0 and 1, got 1.01"}},
		{"infinite jitter", policy.Fixed(1, 0).Jitter(math.Inf(1)), []string{"retry: jitter must be between 0 and 1, got +Inf"}},
		{"jitter that is no number", policy.Fixed(1, 0).Jitter(math.NaN()), []string{"retry: jitter must be between 0 and 1, got NaN"}},
		{"nil func", policy.Backoff(1, nil), []string{"retry: nil func given to Backoff"}},
		{"nil retry on", policy.Fixed(1, 0).RetryOn(ok, nil), []string{"retry: nil match given to RetryOn, at position 2"}},
		{"nil give up on", policy.Fixed(1, 0).GiveUpOn(nil).GiveUpOn(ok), []string{"retry: nil match given to GiveUpOn, at position 1"}},
		{"said again, the last holds", policy.Fixed(1, 0).MaxDelay(0).MaxDelay(1).MaxElapsed(0).MaxElapsed(1).Jitter(2).Jitter(1), nil},
		{
			"all faults at once",
			policy.Exponential(0, -1).MaxDelay(0).MaxElapsed(-1).Jitter(2).RetryOn(nil).GiveUpOn(nil),
			[]string{
				"retry: attempts must be at least 1, got 0",
				"retry: delay must not be negative, got -1ns",
				"retry: max delay must be positive, got 0s",
				"retry: max elapsed must be positive, got -1ns",
				"retry: jitter must be between 0 and 1, got 2",
				"retry: nil match given to RetryOn, at position 1",
				"retry: nil match given to GiveUpOn, at position 1",
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.retry.Validate()
			if tc.faults == nil {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, strings.Join(tc.faults, "\n"))
		})
	}
}

func TestRetryString(t *testing.T) {
	for want, r := range map[string]policy.Retry{
		"5 attempts, exponential from 100ms": policy.Exponential(5, 100*time.Millisecond).Jitter(0.2).MaxDelay(time.Second),
		"4 attempts, linear from 1s":         policy.Linear(4, time.Second),
		"3 attempts, fixed 1s":               policy.Fixed(3, time.Second),
		"3 attempts":                         policy.Exponential(3, 0),
		"2 attempts, custom backoff":         policy.Backoff(2, newConstant),
		"1 attempt":                          policy.Fixed(1, time.Second),
		"0 attempts, fixed -1s":              policy.Fixed(0, -time.Second),
	} {
		require.Equal(t, want, r.String())
	}
}
