package services

import "maps"

// Books is what the three services hold, and what they did.
type Books struct {
	Stock    StockBooks
	Payment  PaymentBooks
	Shipping ShippingBooks
}

// StockBooks is what the stock service holds.
type StockBooks struct {
	Initial map[string]int            // pieces by SKU, at the start
	OnHand  map[string]int            // pieces by SKU that are not reserved
	Held    map[string]map[string]int // pieces reserved, by order and SKU
	Ledger  Ledger
}

// PaymentBooks is what the payment service holds, in cents.
type PaymentBooks struct {
	Taken, Refunded int64            // since the start, in all
	Held            map[string]int64 // by order
	Ledger          Ledger
}

// ShippingBooks is what the shipping service holds.
type ShippingBooks struct {
	Booked, Cancelled int            // parcels since the start, in all
	Held              map[string]int // parcels by order
	Ledger            Ledger
}

// Ledger counts the effects of a service by order.
type Ledger map[string]Effects

// Effects counts what was done for one order, and how much of that was undone. Answers given again
// for an idempotency key and refusals do not count.
type Effects struct{ Done, Undone int }

// add counts an effect and returns its number.
func (l Ledger) add(order string) int {
	e := l[order]
	e.Done++
	l[order] = e
	return e.Done
}

// undo counts all effects of an order as undone.
func (l Ledger) undo(order string) {
	if e, ok := l[order]; ok {
		e.Undone = e.Done
		l[order] = e
	}
}

func (b StockBooks) clone() StockBooks {
	b.Initial, b.OnHand, b.Held = maps.Clone(b.Initial), maps.Clone(b.OnHand), maps.Clone(b.Held)
	for order, pieces := range b.Held {
		b.Held[order] = maps.Clone(pieces)
	}
	b.Ledger = maps.Clone(b.Ledger)
	return b
}

func (b PaymentBooks) clone() PaymentBooks {
	b.Held, b.Ledger = maps.Clone(b.Held), maps.Clone(b.Ledger)
	return b
}

func (b ShippingBooks) clone() ShippingBooks {
	b.Held, b.Ledger = maps.Clone(b.Held), maps.Clone(b.Ledger)
	return b
}
