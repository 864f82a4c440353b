package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
	"github.com/taskchain-go/taskchain/examples/checkout/services"
	"github.com/taskchain-go/taskchain/examples/checkout/shop"
)

// The services themselves never fail here: the cases do, one by one.
func newWorld() (*services.World, shop.Order) {
	world, err := services.Start(services.Faults{})
	if err != nil {
		panic(err)
	}
	return world, shop.Order{ID: "o-1", Customer: "Ada", SKU: "mug", Quantity: 1, Amount: 1250, Card: "visa", Address: "1 Mill Lane, Ireland"}
}

func newShop(w *services.World) shop.Shop {
	return shop.New(w.StockURL, w.PaymentURL, w.ShippingURL, 1)
}

func planFor(w *services.World) *builder.Plan[shop.Order] { return planOf(newShop(w)) }

func planOf(s shop.Shop) *builder.Plan[shop.Order] {
	plan, err := shop.NewPlan(s, time.Minute)
	if err != nil {
		panic(err)
	}
	return plan
}

// balance lets the books of the three services prove that an order was sold, or that nothing of it is left.
func balance(out chain.Outcome[shop.Order], w *services.World) error {
	var (
		sold  []services.Sale
		stuck []string
	)
	switch out.Status {
	case chain.Succeeded:
		sold = append(sold, out.Context.Data.Sale())
	case chain.Stuck:
		stuck = append(stuck, out.Context.Data.ID)
	}
	if audit := w.Books().Check(sold, stuck...); !audit.OK() {
		return errors.New(strings.Join(audit.Discrepancies, "; "))
	}
	return nil
}

// What may cure itself is tried again, a refusal is not: both have their cases.
func likeTheServices() []chaintest.Option {
	return []chaintest.Option{
		chaintest.FailWith(
			&services.TransportError{Service: "service", Err: io.ErrUnexpectedEOF},
			&services.StatusError{Service: "service", Code: http.StatusPaymentRequired, Body: "refused"},
		),
		chaintest.WithInterceptor(shop.HeedRetryAfter),
		chaintest.RequireAllCompensations(),
	}
}

func TestNothingLeaksHoweverACheckoutGoesWrong(t *testing.T) {
	t.Parallel()
	chaintest.ExploreWorld(t, planFor, newWorld, balance, likeTheServices()...)
}

// forgetful is a transport that says of every undo that it is done, and does nothing.
type forgetful struct{ http.RoundTripper }

func (f forgetful) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodDelete {
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
	}
	return f.RoundTripper.RoundTrip(r)
}

// A plan whose refund does not reach the payment's books is caught, and the report says so.
func TestALeakIsCaughtAndNamed(t *testing.T) {
	t.Parallel()
	leaky := func(w *services.World) *builder.Plan[shop.Order] {
		s := newShop(w)
		s.Payment.HTTP = &http.Client{Transport: forgetful{s.Payment.HTTP.Transport}}
		return planOf(s)
	}
	report := &reader{TB: t}
	chaintest.ExploreWorld(report, leaky, newWorld, balance, likeTheServices()...)
	t.Log(report.text)
	require.Equal(t, `chaintest: plan "checkout": 37 of 98 cases broken
hold: effect happened, reply lost (service: no answer, connection lost); then compensated, but: payment holds 12.50 for order o-1, which did not succeed
    run this case alone with: CHAINTEST_CASE='hold/lost#1' go test -run '^TestALeakIsCaughtAndNamed$'
    the same in 36 other cases: hold/lost#2, hold/panic-after, hold/timeout-after, …
`, report.text)
}

// reader is a test that keeps what is said to it.
type reader struct {
	testing.TB
	text string
}

func (r *reader) Helper()                         {}
func (r *reader) Errorf(text string, args ...any) { r.text += fmt.Sprintf(text, args...) + "\n" }
func (r *reader) Logf(text string, args ...any)   { r.text += fmt.Sprintf(text, args...) + "\n" }
