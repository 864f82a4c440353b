package policy_test

import (
	"io"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/policy"
)

const forever = time.Duration(math.MaxInt64)

// replay is a strategy that returns what it is told to, Stop after the last one, and counts its Resets.
type replay struct {
	delays []time.Duration
	next   int
	resets int
}

func (r *replay) Reset() { r.next = 0; r.resets++ }

func (r *replay) NextBackOff() time.Duration {
	if r.next == len(r.delays) {
		return backoff.Stop
	}
	r.next++
	return r.delays[r.next-1]
}

func replaying(delays ...time.Duration) func() backoff.BackOff {
	return func() backoff.BackOff { return &replay{delays: delays} }
}

func take(b backoff.BackOff, n int) []time.Duration {
	ds := make([]time.Duration, n)
	for i := range ds {
		ds[i] = b.NextBackOff()
	}
	return ds
}

func TestNewBackOffDelays(t *testing.T) {
	const s, stop = time.Second, backoff.Stop
	for _, tc := range []struct {
		name  string
		retry policy.Retry
		want  []time.Duration
	}{
		{"fixed", policy.Fixed(3, s), []time.Duration{s, s, s}},
		{"fixed above the cap", policy.Fixed(3, time.Hour), []time.Duration{60 * s, 60 * s}},
		{"linear", policy.Linear(3, s), []time.Duration{s, 2 * s, 3 * s, 4 * s}},
		{"linear to the cap", policy.Linear(3, 25*s), []time.Duration{25 * s, 50 * s, 60 * s, 60 * s}},
		{"linear meets the cap", policy.Linear(3, 30*s), []time.Duration{30 * s, 60 * s, 60 * s}},
		{"linear above the cap", policy.Linear(3, time.Hour), []time.Duration{60 * s, 60 * s}},
		{"linear without overflow", policy.Linear(3, forever-1).MaxDelay(forever), []time.Duration{forever - 1, forever, forever}},
		{"exponential", policy.Exponential(3, s), []time.Duration{s, 2 * s, 4 * s, 8 * s}},
		{"exponential to the cap", policy.Exponential(3, 25*s), []time.Duration{25 * s, 50 * s, 60 * s, 60 * s}},
		{"exponential meets the cap", policy.Exponential(3, 30*s), []time.Duration{30 * s, 60 * s, 60 * s}},
		{"exponential above the cap", policy.Exponential(3, time.Hour), []time.Duration{60 * s, 60 * s}},
		{"exponential without overflow", policy.Exponential(3, 1<<61).MaxDelay(forever), []time.Duration{1 << 61, 1 << 62, forever, forever}},
		{"a greater cap", policy.Fixed(3, time.Hour).MaxDelay(2 * time.Hour), []time.Duration{time.Hour}},
		{"backoff", policy.Backoff(3, replaying(s, 0, 3*s)), []time.Duration{s, 0, 3 * s, stop, stop}},
		{"backoff above the cap", policy.Backoff(3, replaying(time.Hour, forever)), []time.Duration{60 * s, 60 * s, stop}},
		{"backoff below zero", policy.Backoff(3, replaying(-5, math.MinInt64)).Jitter(1), []time.Duration{stop, stop}},
		{"backoff without a strategy", policy.Backoff(3, func() backoff.BackOff { return nil }), []time.Duration{stop, stop}},
		{"backoff without a func", policy.Backoff(3, nil), []time.Duration{stop, stop}},
		{"negative delay", policy.Exponential(3, math.MinInt64).Jitter(1), []time.Duration{0, 0}},
		{"no max delay", policy.Fixed(3, s).MaxDelay(0), []time.Duration{0, 0}},
		{"negative max delay", policy.Backoff(3, replaying(s)).MaxDelay(math.MinInt64).Jitter(1), []time.Duration{0, stop}},
		{"jitter that is no number", policy.Fixed(3, s).Jitter(math.NaN()), []time.Duration{s, s}},
		{"backoff with jitter that is no number", policy.Backoff(3, replaying(s)).Jitter(math.NaN()), []time.Duration{s, stop}},
		{"negative jitter", policy.Fixed(3, s).Jitter(-1), []time.Duration{s, s}},
		{"jitter of nothing", policy.Fixed(3, 0).Jitter(1), []time.Duration{0, 0}},
		{"no room for jitter at the cap", policy.Fixed(3, forever).MaxDelay(forever).Jitter(1), []time.Duration{forever, forever}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := tc.retry.NewBackOff()
			require.Equal(t, tc.want, take(b, len(tc.want)))
			b.Reset()
			require.Equal(t, tc.want, take(b, len(tc.want)), "after Reset")

			b = tc.retry.NewBackOff()
			for _, want := range tc.want {
				d, ok := tc.retry.Delay(b, io.EOF, 0)
				require.Equal(t, want >= 0, ok)
				require.Equal(t, max(want, 0), d)
			}
		})
	}
}

func TestNewBackOffIsCenkaltis(t *testing.T) {
	require.IsType(t, &backoff.StopBackOff{}, policy.Retry{}.NewBackOff())
	require.IsType(t, &backoff.ZeroBackOff{}, policy.Fixed(3, 0).NewBackOff())
	require.IsType(t, &backoff.ZeroBackOff{}, policy.Linear(3, 0).NewBackOff())
	require.IsType(t, &backoff.ZeroBackOff{}, policy.Exponential(3, 0).Jitter(1).NewBackOff())
	require.IsType(t, &backoff.ConstantBackOff{}, policy.Fixed(3, 1).NewBackOff())
	require.IsType(t, &backoff.ExponentialBackOff{}, policy.Exponential(3, 1).NewBackOff())
}

func TestExponentialAttempt10000IsMaxDelay(t *testing.T) {
	for _, limit := range []time.Duration{1, 7, time.Second, 90 * time.Minute, forever} {
		r := policy.Exponential(math.MaxInt, 1).MaxDelay(limit)
		require.Equal(t, limit, take(r.NewBackOff(), 10_000)[9_999])
	}
	require.Equal(t, 60*time.Second, take(policy.Exponential(20_000, time.Millisecond).NewBackOff(), 10_000)[9_999])
	require.Equal(t, 60*time.Second, take(policy.Linear(20_000, time.Second).NewBackOff(), 10_000)[9_999])
}

func TestBackoffIsFreshAndReset(t *testing.T) {
	var made []*replay
	r := policy.Backoff(3, func() backoff.BackOff {
		made = append(made, &replay{delays: []time.Duration{1, 2, 3}, next: 2})
		return made[len(made)-1]
	})
	require.NoError(t, r.Validate())
	require.Empty(t, made, "neither made nor validated by a call")

	first, second := r.NewBackOff(), r.NewBackOff()
	require.Equal(t, []time.Duration{1, 2}, take(first, 2), "from the start")
	require.Equal(t, []time.Duration{1, 2, 3}, take(second, 3))
	require.Equal(t, []time.Duration{3}, take(first, 1))
	require.Len(t, made, 2)
	require.Equal(t, 1, made[0].resets)
}

func TestStrategiesAreFresh(t *testing.T) {
	for _, r := range []policy.Retry{policy.Linear(3, 1), policy.Exponential(3, 1)} {
		a, b := r.NewBackOff(), r.NewBackOff()
		require.Equal(t, []time.Duration{1, 2}, take(a, 2))
		require.Equal(t, []time.Duration{1, 2}, take(b, 2))
	}
}

func TestJitterAddsUpToItsFraction(t *testing.T) {
	const n = 2000
	for _, tc := range []struct {
		name   string
		retry  policy.Retry
		lo, hi time.Duration
	}{
		{"a fifth", policy.Fixed(3, time.Second).Jitter(0.2), time.Second, 1200 * time.Millisecond},
		{"all of it", policy.Fixed(3, time.Second).Jitter(1), time.Second, 2 * time.Second},
		{"what the cap leaves", policy.Fixed(3, time.Second).Jitter(1).MaxDelay(1500 * time.Millisecond), time.Second, 1500 * time.Millisecond},
		{"too much counts as all", policy.Fixed(3, time.Second).Jitter(math.Inf(1)), time.Second, 2 * time.Second},
		{"of any strategy", policy.Backoff(3, newConstant).Jitter(0.5), time.Second, 1500 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lo, hi := forever, time.Duration(0)
			for _, d := range take(tc.retry.NewBackOff(), n) {
				lo, hi = min(lo, d), max(hi, d)
			}
			// A twentieth of the range stays empty by chance once in 10^44 runs.
			slack := (tc.hi - tc.lo) / 20
			require.GreaterOrEqual(t, lo, tc.lo)
			require.LessOrEqual(t, hi, tc.hi)
			require.Less(t, lo, tc.lo+slack, "the range is used from its start")
			require.Greater(t, hi, tc.hi-slack, "to its end")
		})
	}
}

func TestJitterDoesNotFeedBack(t *testing.T) {
	for _, r := range []policy.Retry{policy.Linear(9, time.Second), policy.Exponential(9, time.Second)} {
		plain, jittered := take(r.NewBackOff(), 8), take(r.Jitter(0.5).NewBackOff(), 8)
		for i := range plain {
			require.GreaterOrEqual(t, jittered[i], plain[i])
			require.LessOrEqual(t, jittered[i], min(plain[i]+plain[i]/2, time.Minute))
		}
	}
}

func TestDelayRetryAfter(t *testing.T) {
	r := policy.Exponential(9, time.Second).Jitter(0)
	b := r.NewBackOff()
	d, ok := r.Delay(b, policy.RetryAfter(io.EOF, 5*time.Second), 0)
	require.True(t, ok)
	require.Equal(t, 5*time.Second, d)
	d, _ = r.Delay(b, io.EOF, 0)
	require.Equal(t, 2*time.Second, d, "the strategy moved on")

	jittered := policy.Fixed(9, time.Second).Jitter(1)
	for range 100 {
		d, _ := jittered.Delay(jittered.NewBackOff(), policy.RetryAfter(io.EOF, 5*time.Second), 0)
		require.Equal(t, 5*time.Second, d, "no jitter")
	}

	ended := policy.Backoff(9, replaying())
	_, ok = ended.Delay(ended.NewBackOff(), policy.RetryAfter(io.EOF, 5*time.Second), 0)
	require.False(t, ok, "a strategy that has stopped stays stopped")
}

func TestDelayCapsAForeignStrategy(t *testing.T) {
	r := policy.Fixed(3, time.Second).MaxDelay(2 * time.Second)
	d, ok := r.Delay(backoff.NewConstantBackOff(time.Hour), io.EOF, 0)
	require.True(t, ok)
	require.Equal(t, 2*time.Second, d)

	for _, b := range []backoff.BackOff{nil, backoff.NewConstantBackOff(-7), &backoff.StopBackOff{}} {
		d, ok = r.Delay(b, io.EOF, 0)
		require.False(t, ok)
		require.Zero(t, d)
	}
}

func TestDelayMaxElapsed(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		name           string
		retry          policy.Retry
		elapsed, delay time.Duration
		want           bool
	}{
		{"no limit", policy.Fixed(3, s), forever, s, true},
		{"well before", policy.Fixed(3, s).MaxElapsed(10 * s), 3 * s, s, true},
		{"just in time", policy.Fixed(3, s).MaxElapsed(10 * s), 9 * s, s, true},
		{"just late", policy.Fixed(3, s).MaxElapsed(10 * s), 9*s + 1, 0, false},
		{"long past", policy.Fixed(3, 0).MaxElapsed(10 * s), forever, 0, false},
		{"no overflow", policy.Fixed(3, forever).MaxDelay(forever).MaxElapsed(10 * s), forever, 0, false},
		{"no overflow at the limit", policy.Fixed(3, forever).MaxDelay(forever).MaxElapsed(forever), 0, forever, true},
		{"no overflow beyond the limit", policy.Fixed(3, forever).MaxDelay(forever).MaxElapsed(forever), 1, 0, false},
		{"a clock that went back", policy.Fixed(3, s).MaxElapsed(10 * s), math.MinInt64, s, true},
		{"an invalid limit", policy.Fixed(3, s).MaxElapsed(math.MinInt64), 5 * s, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, ok := tc.retry.Delay(tc.retry.NewBackOff(), io.EOF, tc.elapsed)
			require.Equal(t, tc.want, ok)
			require.Equal(t, tc.delay, d)
		})
	}

	r := policy.Fixed(3, s).MaxElapsed(10 * s)
	_, ok := r.Delay(r.NewBackOff(), policy.RetryAfter(io.EOF, 9*s), 2*s)
	require.False(t, ok, "a RetryAfter counts too")
	require.Equal(t, s, take(r.NewBackOff(), 1000)[999], "the strategy knows nothing of it")
}

func TestNextIsShouldRetryAndDelay(t *testing.T) {
	for _, r := range []policy.Retry{
		{},
		policy.Fixed(3, 0),
		policy.Linear(4, time.Second).MaxElapsed(5 * time.Second),
		policy.Exponential(9, time.Second).MaxDelay(3 * time.Second).GiveUpOn(policy.Is(io.ErrUnexpectedEOF)),
		policy.Backoff(9, replaying(time.Second, 0)),
	} {
		for _, err := range []error{io.EOF, io.ErrUnexpectedEOF, policy.Permanent(io.EOF), policy.RetryAfter(io.EOF, 2*time.Second)} {
			var next backoff.BackOff
			one := r.NewBackOff()
			for attempt := 1; attempt < 10; attempt++ {
				elapsed := time.Duration(attempt) * time.Second
				var want time.Duration
				again := r.ShouldRetry(attempt, err)
				if again {
					want, again = r.Delay(one, err, elapsed)
				}
				delay, ok := r.Next(&next, attempt, err, elapsed)
				require.Equal(t, again, ok, "%v, attempt %d, %v", r, attempt, err)
				require.Equal(t, want, delay, "%v, attempt %d, %v", r, attempt, err)
			}
		}
	}
}

func TestNoDelayAllocatesNothing(t *testing.T) {
	r := policy.Exponential(3, 0).RetryOn(policy.Is(io.EOF))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		b := r.NewBackOff()
		r.ShouldRetry(1, io.EOF)
		r.Delay(b, io.EOF, 0)
	}))
}

// modelDelay is what the n-th delay is by the words of the documentation, in numbers that cannot overflow.
func modelDelay(kind uint8, n int, delay, limit time.Duration) time.Duration {
	d := big.NewInt(int64(max(delay, 0)))
	switch kind {
	case 1:
		d.Mul(d, big.NewInt(int64(n)))
	case 2:
		d.Lsh(d, uint(n-1))
	}
	if l := big.NewInt(int64(max(limit, 0))); d.Cmp(l) > 0 {
		d = l
	}
	return time.Duration(d.Int64())
}

func FuzzDelay(f *testing.F) {
	f.Add(uint8(0), 3, int64(time.Second), int64(time.Minute), 0.2, int64(0))
	f.Add(uint8(1), 10_000, int64(time.Hour), int64(math.MaxInt64), 1.0, int64(5))
	f.Add(uint8(2), 10_000, int64(1), int64(math.MaxInt64), 1.0, int64(-1))
	f.Add(uint8(2), 4, int64(1<<61+1), int64(math.MaxInt64), 0.0, int64(math.MaxInt64))
	f.Add(uint8(3), 5, int64(math.MaxInt64), int64(-1), math.Inf(1), int64(math.MinInt64))
	f.Add(uint8(3), 5, int64(math.MinInt64), int64(math.MaxInt64), math.NaN(), int64(0))
	f.Fuzz(func(t *testing.T, kind uint8, attempt int, base, limit int64, jitter float64, after int64) {
		kind %= 4
		attempt = 1 + int(uint(attempt)%12_000)
		delay, top := time.Duration(base), time.Duration(limit)
		r := [...]policy.Retry{
			policy.Fixed(attempt, delay),
			policy.Linear(attempt, delay),
			policy.Exponential(attempt, delay),
			policy.Backoff(attempt, func() backoff.BackOff { return backoff.NewConstantBackOff(delay) }),
		}[kind].MaxDelay(top)
		top = max(top, 0)

		plain, jittered := r.NewBackOff(), r.Jitter(jitter).NewBackOff()
		for n := 1; n <= attempt; n++ {
			d, ok := r.Delay(plain, io.EOF, 0)
			j, jok := r.Jitter(jitter).Delay(jittered, io.EOF, 0)
			if want := kind != 3 || delay >= 0; ok != want || jok != want {
				t.Fatalf("delay %d: ok is %v, with jitter %v", n, ok, jok)
			}
			want := modelDelay(kind, n, delay, top)
			// Cenkalti's exponential doubles a float64, which is exact below 2^53 ns, 104 days.
			if off := d - want; off != 0 && (kind != 2 || want < 1<<53 || math.Abs(float64(off)) > float64(want)/(1<<50)) {
				t.Fatalf("delay %d is %d, want %d", n, d, want)
			}
			if d < 0 || d > top || j < d || j > top {
				t.Fatalf("delay %d is %d, with jitter %d, beyond 0 and %d", n, d, j, top)
			}
			if jitter >= 0 && jitter <= 1 && float64(j-d) > jitter*float64(d)+1 {
				t.Fatalf("delay %d: jitter %v added %d to %d", n, jitter, j-d, d)
			}
		}
		if d, ok := r.Delay(&backoff.ZeroBackOff{}, policy.RetryAfter(io.EOF, time.Duration(after)), 0); !ok || d != min(max(time.Duration(after), 0), top) {
			t.Fatalf("after %d is %d, %v", after, d, ok)
		}
	})
}
