package services

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// With a rate of 1, three faults come in a row and then one call without.
const untilGood = maxInARow + 1

func TestUnavailable(t *testing.T) {
	w := start(t, Faults{Unavailable: 1})
	for range maxInARow {
		_, err := w.hold(t, "k", "o-1", "visa")
		var se *StatusError
		require.ErrorAs(t, err, &se)
		require.Equal(t, &StatusError{Service: "payment", Code: 503, Body: "try again"}, se)
		require.True(t, Transient(err))
		require.Empty(t, w.Books().Payment.Ledger, "the effect must not have happened")
	}
	_, err := w.hold(t, "k", "o-1", "visa")
	require.NoError(t, err)
}

func TestLimited(t *testing.T) {
	w := start(t, Faults{Limited: 1})
	waits := map[time.Duration]int{}
	for i := range 100 {
		_, err := w.hold(t, "k", fmt.Sprint("o-", i), "visa")
		var se *StatusError
		require.ErrorAs(t, err, &se)
		require.Equal(t, 429, se.Code)
		require.True(t, Transient(err))
		waits[se.RetryAfter]++
	}
	require.Len(t, waits, 2)
	require.Positive(t, waits[time.Second])
	require.Greater(t, waits[0], 80, "most waits are nothing, so that the example is quick")
	require.Empty(t, w.Books().Payment.Ledger, "the effect must not have happened")
}

func TestRetryAfterIsOnTheWire(t *testing.T) {
	w := httptest.NewRecorder()
	NewPayment(Faults{Limited: 1, Undo: 1}).ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "/holds/o-1", nil))
	require.Equal(t, 429, w.Code)
	require.Contains(t, []string{"0", "1"}, w.Header().Get("Retry-After"))
}

func TestLostAnswer(t *testing.T) {
	w := start(t, Faults{Lost: 1})
	for range maxInARow {
		_, err := w.hold(t, "k", "o-1", "visa")
		require.EqualError(t, err, "payment: no answer, connection lost")
		require.True(t, Transient(err))
		require.Equal(t, int64(3000), w.Books().Payment.Held["o-1"], "the effect must have happened, once")
	}
	r, err := w.hold(t, "k", "o-1", "visa")
	require.NoError(t, err)
	require.Equal(t, "H-o-1-1", r)
	require.Equal(t, 1, w.Books().Payment.Ledger["o-1"].Done)
}

// Go's client repeats some requests by itself when a connection that was used before breaks. The caller must see
// each lost answer all the same, or the number of attempts would depend on the free connections.
func TestLostAnswerIsSeenOnUsedConnections(t *testing.T) {
	p := NewPayment(Faults{Lost: 1, Undo: 1})
	var calls atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			return
		}
		calls.Add(1)
		p.ServeHTTP(w, r)
	}))
	defer srv.Close()
	c := PaymentClient{srv.URL, srv.Client()}

	use := func() {
		res, err := srv.Client().Get(srv.URL + "/")
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
	}
	use()
	_, err := c.Hold(t.Context(), "k", Hold{"o-1", 100, "visa"})
	require.Error(t, err)
	require.EqualValues(t, 1, calls.Load())
	use()
	require.Error(t, c.Refund(t.Context(), "k", "o-1"))
	require.EqualValues(t, 2, calls.Load())
	require.Empty(t, p.Books().Held)
}

func TestSlowAnswer(t *testing.T) {
	const delay = 40 * time.Millisecond
	w := start(t, Faults{Slow: 1, Delay: delay})
	began := time.Now()
	_, err := w.hold(t, "k", "o-1", "visa")
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), delay)
}

func TestSlowAnswerThatNobodyWaitsFor(t *testing.T) {
	p := NewPayment(Faults{Slow: 1, Delay: time.Hour})
	gone := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(gone)
		p.ServeHTTP(w, r)
	}))
	defer srv.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := PaymentClient{srv.URL, srv.Client()}.Hold(ctx, "k", Hold{"o-1", 100, "visa"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.EqualError(t, err, "payment: no answer in time")
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Fatal("the service goes on waiting after its client hung up")
	}
	require.Equal(t, int64(100), p.Books().Held["o-1"], "only the answer is slow, the effect is not")
}

func TestUndoFaultsToo(t *testing.T) {
	w := start(t, Faults{Lost: 1, Undo: 1})
	for range maxInARow {
		require.Error(t, w.payment.Refund(t.Context(), "u", "o-1"))
	}
	require.NoError(t, w.payment.Refund(t.Context(), "u", "o-1"))

	w = start(t, Faults{Lost: 1})
	require.NoError(t, w.payment.Refund(t.Context(), "u", "o-1"))
}

// A fault must end, even for a caller that only retries three times after the first attempt.
func TestFaultsEnd(t *testing.T) {
	d := newDice("stock", Faults{Unavailable: 0.4, Lost: 0.3, Slow: 0.2, Undo: 1})
	for i := range 200 {
		inARow := 0
		for range 50 {
			if f, _ := d.roll(http.MethodPost, fmt.Sprint("o-", i)); f == none {
				inARow = 0
			} else {
				inARow++
			}
			require.Less(t, inARow, untilGood)
		}
	}
}

func TestRates(t *testing.T) {
	f := Faults{Seed: 5, Unavailable: 0.1, Limited: 0.05, Slow: 0.15, Lost: 0.2, Undo: 0.5}
	const calls = 20_000
	count := func(method string) map[fault]float64 {
		d, n := newDice("stock", f), map[fault]float64{}
		for i := range calls {
			got, _ := d.roll(method, fmt.Sprint("o-", i))
			n[got] += 1.0 / calls
		}
		return n
	}
	for method, share := range map[string]float64{http.MethodPost: 1, http.MethodDelete: 0.5} {
		n := count(method)
		require.InDelta(t, 0.1*share, n[unavailable], 0.01)
		require.InDelta(t, 0.05*share, n[limited], 0.01)
		require.InDelta(t, 0.15*share, n[slow], 0.01)
		require.InDelta(t, 0.2*share, n[lost], 0.01)
	}
}

// Each call rolls anew: an order whose first call went well isn't spared for good.
func TestCallsOfAnOrderDiffer(t *testing.T) {
	d, faults := newDice("stock", Faults{Unavailable: 0.1}), 0
	for range 5000 {
		if f, _ := d.roll(http.MethodPost, "o-1"); f != none {
			faults++
		}
	}
	require.InDelta(t, 500, faults, 100)
}

// play makes the calls of all orders, and returns what each order saw.
func play(t *testing.T, f Faults, together bool) map[string][]string {
	t.Helper()
	w := start(t, f)
	var mu sync.Mutex
	seen := map[string][]string{}
	one := func(order string) {
		var saw []string
		note := func(text string, err error) { saw = append(saw, fmt.Sprint(text, err, retryAfterOf(err))) }
		for i := range 6 {
			key := fmt.Sprint(order, i)
			note(w.stock.Reserve(t.Context(), key, Reservation{order, "pen", 1}))
			note(w.payment.Hold(t.Context(), key, Hold{order, 100, "visa"}))
			note(w.shipping.Book(t.Context(), key, Parcel{order, "1 Mill Lane, Ireland"}))
			note("", w.payment.Refund(t.Context(), key, order))
		}
		mu.Lock()
		defer mu.Unlock()
		seen[order] = saw
	}
	var wg sync.WaitGroup
	for i := range 20 {
		order := fmt.Sprint("o-", i)
		if together {
			wg.Go(func() { one(order) })
		} else {
			one(order)
		}
	}
	wg.Wait()
	return seen
}

func retryAfterOf(err error) time.Duration {
	if se, ok := errors.AsType[*StatusError](err); ok {
		return se.RetryAfter
	}
	return 0
}

func TestSeedRepeatsARun(t *testing.T) {
	f := Faults{Seed: 1, Unavailable: 0.15, Limited: 0.1, Slow: 0.1, Lost: 0.15, Delay: time.Millisecond, Undo: 0.5}
	alone := play(t, f, false)
	require.Equal(t, alone, play(t, f, true), "orders that run together see what they see alone")
	f.Seed = 2
	require.NotEqual(t, alone, play(t, f, true))
}

func TestFaultsValidate(t *testing.T) {
	require.NoError(t, Faults{}.Validate())
	require.NoError(t, DefaultFaults(1).Validate())
	require.NoError(t, Faults{Unavailable: 0.1, Limited: 0.2, Slow: 0.3, Lost: 0.4}.Validate())
	for want, f := range map[string]Faults{
		"services: faults: Slow is -0.1, not between 0 and 1":    {Slow: -0.1},
		"services: faults: Lost is 1.5, not between 0 and 1":     {Lost: 1.5},
		"services: faults: Undo is NaN, not between 0 and 1":     {Undo: math.NaN()},
		"services: faults: the rates add up to 1.5, more than 1": {Slow: 0.75, Lost: 0.75},
		"services: faults: Delay is negative: -1s":               {Delay: -time.Second},
	} {
		require.EqualError(t, f.Validate(), want)
		_, err := Start(f)
		require.EqualError(t, err, want)
	}
}
