package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/examples/checkout/services"
	"github.com/taskchain-go/taskchain/policy"
)

// A shop has the steps of the plan and their compensations: its methods are steps as they stand. It holds
// nothing of an order, so one shop serves all of them at once.
type shop struct {
	http     *http.Client
	stock    services.StockClient
	payment  services.PaymentClient
	shipping services.ShippingClient
}

// newShop is a shop that keeps a connection to each service for each order under way.
func newShop(w *services.World, parallel int) shop {
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallel}}
	return shop{
		http:     c,
		stock:    services.StockClient{URL: w.StockURL, HTTP: c},
		payment:  services.PaymentClient{URL: w.PaymentURL, HTTP: c},
		shipping: services.ShippingClient{URL: w.ShippingURL, HTTP: c},
	}
}

func (s shop) close() { s.http.CloseIdleConnections() }

// Reserve keeps the pieces for the order.
func (s shop) Reserve(ctx context.Context, o *Order) (err error) {
	o.Receipts.Stock, err = s.stock.Reserve(ctx, key(ctx), services.Reservation{Order: o.ID, SKU: o.SKU, Quantity: o.Quantity})
	return err
}

// Release undoes Reserve.
func (s shop) Release(ctx context.Context, o *Order) error {
	return undone(&o.Receipts.Stock, s.stock.Release(ctx, key(ctx), o.ID))
}

// Hold holds the money.
func (s shop) Hold(ctx context.Context, o *Order) (err error) {
	o.Receipts.Payment, err = s.payment.Hold(ctx, key(ctx), services.Hold{Order: o.ID, Amount: o.Amount, Card: o.Card})
	return err
}

// Refund undoes Hold.
func (s shop) Refund(ctx context.Context, o *Order) error {
	return undone(&o.Receipts.Payment, s.payment.Refund(ctx, key(ctx), o.ID))
}

// Book books the parcel.
func (s shop) Book(ctx context.Context, o *Order) (err error) {
	o.Receipts.Shipping, err = s.shipping.Book(ctx, key(ctx), services.Parcel{Order: o.ID, Address: o.Address})
	return err
}

// Cancel undoes Book.
func (s shop) Cancel(ctx context.Context, o *Order) error {
	return undone(&o.Receipts.Shipping, s.shipping.Cancel(ctx, key(ctx), o.ID))
}

// undone takes back the receipt for what was undone.
func undone(receipt *string, err error) error {
	if err == nil {
		*receipt = ""
	}
	return err
}

// key is the same for every attempt at a step of an order, so that a service which has already acted, but
// whose answer was lost, answers again instead of acting twice.
func key(ctx context.Context) string {
	step, _ := chain.StepFrom(ctx)
	return step.IdempotencyKey()
}

// heedRetryAfter stands around each attempt: a service that is asked too much says when to come back.
func heedRetryAfter(ctx context.Context, _ chain.StepInfo, next func(context.Context) error) error {
	err := next(ctx)
	if e, ok := errors.AsType[*services.StatusError](err); ok && e.Code == http.StatusTooManyRequests {
		return policy.RetryAfter(err, e.RetryAfter)
	}
	return err
}
