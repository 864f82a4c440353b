package shop

import (
	"context"
	"errors"
	"net/http"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/examples/checkout/services"
	"github.com/taskchain-go/taskchain/policy"
)

// A Shop has the steps of the plan and their compensations: its methods are steps as they stand. It holds
// nothing of an order, so one Shop serves all of them at once.
type Shop struct {
	http     *http.Client
	Stock    services.StockClient
	Payment  services.PaymentClient
	Shipping services.ShippingClient
}

// New is a Shop that keeps a connection to each service for each order under way.
func New(stock, payment, shipping string, parallel int) Shop {
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallel}}
	return Shop{
		http:     c,
		Stock:    services.StockClient{URL: stock, HTTP: c},
		Payment:  services.PaymentClient{URL: payment, HTTP: c},
		Shipping: services.ShippingClient{URL: shipping, HTTP: c},
	}
}

// Close ends its connections that nobody uses.
func (s Shop) Close() { s.http.CloseIdleConnections() }

// Reserve keeps the pieces for the order.
func (s Shop) Reserve(ctx context.Context, o *Order) (err error) {
	o.Receipts.Stock, err = s.Stock.Reserve(ctx, key(ctx), services.Reservation{Order: o.ID, SKU: o.SKU, Quantity: o.Quantity})
	return err
}

// Release undoes Reserve.
func (s Shop) Release(ctx context.Context, o *Order) error {
	return undone(&o.Receipts.Stock, s.Stock.Release(ctx, key(ctx), o.ID))
}

// Hold holds the money.
func (s Shop) Hold(ctx context.Context, o *Order) (err error) {
	o.Receipts.Payment, err = s.Payment.Hold(ctx, key(ctx), services.Hold{Order: o.ID, Amount: o.Amount, Card: o.Card})
	return err
}

// Refund undoes Hold.
func (s Shop) Refund(ctx context.Context, o *Order) error {
	return undone(&o.Receipts.Payment, s.Payment.Refund(ctx, key(ctx), o.ID))
}

// Book books the parcel.
func (s Shop) Book(ctx context.Context, o *Order) (err error) {
	o.Receipts.Shipping, err = s.Shipping.Book(ctx, key(ctx), services.Parcel{Order: o.ID, Address: o.Address})
	return err
}

// Cancel undoes Book.
func (s Shop) Cancel(ctx context.Context, o *Order) error {
	return undone(&o.Receipts.Shipping, s.Shipping.Cancel(ctx, key(ctx), o.ID))
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

// HeedRetryAfter stands around each attempt: a service that is asked too much says when to come back.
func HeedRetryAfter(ctx context.Context, _ chain.StepInfo, next func(context.Context) error) error {
	err := next(ctx)
	if e, ok := errors.AsType[*services.StatusError](err); ok && e.Code == http.StatusTooManyRequests {
		return policy.RetryAfter(err, e.RetryAfter)
	}
	return err
}
