package services

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// world starts the services and their clients for one test.
type world struct {
	*World
	stock    StockClient
	payment  PaymentClient
	shipping ShippingClient
}

func start(t *testing.T, f Faults) world {
	t.Helper()
	w, err := Start(f)
	require.NoError(t, err)
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	t.Cleanup(func() {
		hc.CloseIdleConnections()
		require.NoError(t, w.Close())
	})
	return world{w, StockClient{w.StockURL, hc}, PaymentClient{w.PaymentURL, hc}, ShippingClient{w.ShippingURL, hc}}
}

func (w world) reserve(t *testing.T, key string, quantity int) (string, error) {
	t.Helper()
	return w.stock.Reserve(t.Context(), key, Reservation{Order: "o-1", SKU: "mug", Quantity: quantity})
}

func (w world) hold(t *testing.T, key, order, card string) (string, error) {
	t.Helper()
	return w.payment.Hold(t.Context(), key, Hold{Order: order, Amount: 3000, Card: card})
}

func (w world) book(t *testing.T, key, address string) (string, error) {
	t.Helper()
	return w.shipping.Book(t.Context(), key, Parcel{Order: "o-1", Address: address})
}

var mug = Sale{Order: "o-1", SKU: "mug", Quantity: 2, Amount: 3000}

func TestDoAndUndo(t *testing.T) {
	w := start(t, Faults{})

	r, err := w.reserve(t, "a", 2)
	require.NoError(t, err)
	require.Equal(t, "R-o-1-1", r)
	r, err = w.hold(t, "b", "o-1", "visa")
	require.NoError(t, err)
	require.Equal(t, "H-o-1-1", r)
	r, err = w.book(t, "c", "1 Mill Lane, Ireland")
	require.NoError(t, err)
	require.Equal(t, "P-o-1-1", r)

	b := w.Books()
	require.Equal(t, map[string]int{"mug": 2}, b.Stock.Held["o-1"])
	require.Equal(t, DefaultInventory()["mug"]-2, b.Stock.OnHand["mug"])
	require.Equal(t, int64(3000), b.Payment.Held["o-1"])
	require.Equal(t, 1, b.Shipping.Held["o-1"])
	require.Equal(t, Audit{}, b.Check([]Sale{mug}))

	for range 2 { // the second time there is nothing left to undo
		require.NoError(t, w.stock.Release(t.Context(), "", "o-1"))
		require.NoError(t, w.payment.Refund(t.Context(), "", "o-1"))
		require.NoError(t, w.shipping.Cancel(t.Context(), "", "o-1"))
	}
	b = w.Books()
	require.Equal(t, DefaultInventory(), b.Stock.OnHand)
	require.Empty(t, b.Payment.Held)
	require.Empty(t, b.Shipping.Held)
	require.Equal(t, Effects{Done: 1, Undone: 1}, b.Payment.Ledger["o-1"])
	require.Equal(t, int64(3000), b.Payment.Refunded)
	require.Equal(t, Audit{}, b.Check(nil))
}

func TestUndoOfNothing(t *testing.T) {
	w := start(t, Faults{})
	require.NoError(t, w.stock.Release(t.Context(), "k", "never/seen"))
	require.NoError(t, w.payment.Refund(t.Context(), "k", "never seen"))
	require.NoError(t, w.shipping.Cancel(t.Context(), "k", "never-seen"))
	require.Empty(t, w.Books().Stock.Ledger)
}

func TestUndoReachesOrdersWithOddNames(t *testing.T) {
	w := start(t, Faults{})
	for _, odd := range []string{"o/1 %2F?x#é", ".", "..", "../../x", "a//b", "%2e%2e"} {
		_, err := w.hold(t, odd, odd, "visa")
		require.NoError(t, err, odd)
		require.NoError(t, w.payment.Refund(t.Context(), "", odd), odd)
	}
	require.Empty(t, w.Books().Payment.Held)
}

// A POST that its own DELETE has overtaken comes too late.
func TestUndoneBeforeDone(t *testing.T) {
	w := start(t, Faults{})
	require.NoError(t, w.payment.Refund(t.Context(), "u", "o-1"))
	_, err := w.hold(t, "k", "o-1", "visa")
	require.EqualError(t, err, "payment: 410 Gone: the order was undone before")
	require.False(t, Transient(err))
	require.Empty(t, w.Books().Payment.Ledger)
}

func TestRefusals(t *testing.T) {
	w := start(t, Faults{})

	_, err := w.reserve(t, "a", DefaultInventory()["mug"]+1)
	require.ErrorIs(t, err, ErrOutOfStock)
	require.EqualError(t, err, "stock: 409 Conflict: 151 of mug wanted, 150 on hand")
	_, err = w.stock.Reserve(t.Context(), "b", Reservation{Order: "o-1", SKU: "no such thing", Quantity: 1})
	require.ErrorIs(t, err, ErrOutOfStock)

	_, err = w.hold(t, "a", "o-1", "declined")
	require.ErrorIs(t, err, ErrDeclined)
	require.NotErrorIs(t, err, ErrOutOfStock)
	require.EqualError(t, err, "payment: 402 Payment Required: card declined")
	require.False(t, Transient(err))
	_, err = w.hold(t, "b", "o-1", "no-funds")
	require.ErrorContains(t, err, "insufficient funds")

	for i, address := range []string{"", "1 Palace Steps, Atlantis", "Moon", "3 Mill Lane, "} {
		_, err = w.book(t, string(rune('a'+i)), address)
		require.ErrorIs(t, err, ErrUnservable, address)
	}
	require.Equal(t, Audit{}, w.Books().Check(nil))
}

func TestMalformedRequests(t *testing.T) {
	w := start(t, Faults{})
	c := caller{"stock", w.stock.HTTP, "k"}
	for _, body := range []any{
		nil, "text", []int{1}, map[string]any{},
		map[string]any{"order": "o-1", "sku": "mug", "quantity": "two"},
		map[string]any{"order": "o-1", "sku": "mug", "quantity": -2},
		map[string]any{"order": "o-1", "sku": "mug", "quantity": 2, "more": 1},
		Reservation{Order: "o-1", Quantity: 1},
		Reservation{SKU: "mug", Quantity: 1},
	} {
		_, err := c.post(t.Context(), w.StockURL+"/reservations", body)
		var se *StatusError
		require.ErrorAs(t, err, &se, "%v", body)
		require.Equal(t, http.StatusBadRequest, se.Code, "%v", body)
		require.False(t, Transient(err))
	}
	_, err := w.hold(t, "k", "o-1", "")
	require.ErrorContains(t, err, "no card")
	require.Empty(t, w.Books().Stock.Ledger)
}

func TestSameKeySameAnswerOneEffect(t *testing.T) {
	w := start(t, Faults{})
	for range 3 {
		r, err := w.hold(t, "k", "o-1", "visa")
		require.NoError(t, err)
		require.Equal(t, "H-o-1-1", r)
	}
	require.Equal(t, int64(3000), w.Books().Payment.Held["o-1"])
	require.Equal(t, 1, w.Books().Payment.Ledger["o-1"].Done)

	// Undone, it stays undone: a late repeat doesn't bring the effect back.
	require.NoError(t, w.payment.Refund(t.Context(), "", "o-1"))
	_, err := w.hold(t, "k", "o-1", "visa")
	require.NoError(t, err)
	require.Empty(t, w.Books().Payment.Held)

	_, err = w.hold(t, "k", "o-2", "visa")
	require.ErrorContains(t, err, "400 Bad Request: idempotency key used before")
}

func TestSameKeySameRefusal(t *testing.T) {
	w := start(t, Faults{})
	all := DefaultInventory()["mug"]
	_, err := w.stock.Reserve(t.Context(), "other", Reservation{Order: "o-2", SKU: "mug", Quantity: all})
	require.NoError(t, err)
	_, err = w.reserve(t, "k", 1)
	require.ErrorIs(t, err, ErrOutOfStock)
	require.NoError(t, w.stock.Release(t.Context(), "", "o-2"))
	_, err = w.reserve(t, "k", 1)
	require.ErrorIs(t, err, ErrOutOfStock, "the key was answered before")
	_, err = w.reserve(t, "new", 1)
	require.NoError(t, err)
}

func TestNoKeyDoublesTheEffect(t *testing.T) {
	w := start(t, Faults{})
	for range 2 {
		_, err := w.reserve(t, "", 2)
		require.NoError(t, err)
		_, err = w.hold(t, "", "o-1", "visa")
		require.NoError(t, err)
		_, err = w.book(t, "", "1 Mill Lane, Ireland")
		require.NoError(t, err)
	}
	require.Equal(t, []string{
		"stock holds 4 × mug for order o-1: want 2 × mug",
		"payment holds 60.00 for order o-1: want 30.00",
		"shipping holds 2 parcels for order o-1: want 1 parcel",
		"stock acted 2 times for order o-1",
		"payment acted 2 times for order o-1",
		"shipping acted 2 times for order o-1",
	}, w.Books().Check([]Sale{mug}).Discrepancies)
}

func TestStuckCard(t *testing.T) {
	w := start(t, Faults{Stuck: true})
	_, err := w.hold(t, "k", "o-1", "no-refunds")
	require.NoError(t, err)
	for range maxInARow + 2 {
		err = w.payment.Refund(t.Context(), "u", "o-1")
		require.EqualError(t, err, "payment: 500 Internal Server Error: this card takes no refunds")
		require.True(t, Transient(err))
	}
	a := w.Books().Check(nil, "o-1")
	require.True(t, a.OK(), a)
	require.Equal(t, []string{"order o-1 is stuck: payment holds 30.00"}, a.Stuck)
	require.Equal(t, []string{"payment holds 30.00 for order o-1, which did not succeed"}, w.Books().Check(nil).Discrepancies)
}

func TestCardIsHarmlessUnlessStuck(t *testing.T) {
	w := start(t, Faults{})
	_, err := w.hold(t, "k", "o-1", "no-refunds")
	require.NoError(t, err)
	require.NoError(t, w.payment.Refund(t.Context(), "u", "o-1"))
	require.True(t, w.Books().Check(nil).OK())
}

func TestCloseEndsCallsUnderWay(t *testing.T) {
	w := start(t, Faults{Slow: 1, Delay: time.Hour})
	answered := make(chan error)
	go func() {
		_, err := w.hold(t, "k", "o-1", "visa")
		answered <- err
	}()
	require.Eventually(t, func() bool { return w.Books().Payment.Taken > 0 }, 5*time.Second, time.Millisecond)
	require.NoError(t, w.Close())
	var te *TransportError
	require.ErrorAs(t, <-answered, &te)
	require.NoError(t, w.Close(), "a second Close does nothing")
}

func TestNoServer(t *testing.T) {
	w := start(t, Faults{})
	require.NoError(t, w.Close())
	_, err := w.hold(t, "k", "o-1", "visa")
	require.EqualError(t, err, "payment: no answer, connection lost")
	require.True(t, Transient(err))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = w.payment.Refund(ctx, "k", "o-1")
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "payment: call cancelled")
}
