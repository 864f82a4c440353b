package services

import (
	"errors"
	"fmt"
	"net/http"
)

// Hold asks the payment service to hold an amount, in cents, of a card for an order.
type Hold struct {
	Order  string `json:"order"`
	Amount int64  `json:"amount"`
	Card   string `json:"card"`
}

func (h Hold) id() string { return h.Order }

func (h Hold) validate() error {
	if h.Card == "" {
		return errors.New("no card")
	}
	if h.Amount < 1 {
		return fmt.Errorf("amount is %d, less than 1", h.Amount)
	}
	return nil
}

// noRefunds is the card that [Faults.Stuck] is about.
const noRefunds = "no-refunds"

// refusals are the cards that no money can be held of, and why.
var refusals = map[string]string{
	"declined": "card declined",
	"expired":  "card expired",
	"no-funds": "insufficient funds",
}

// Payment is the payment service: POST /holds and DELETE /holds/{order}.
// A hold of the card "declined", "expired" or "no-funds" is answered with 402 and the reason.
type Payment struct {
	desk
	books PaymentBooks
	stuck map[string]bool // orders that can't be refunded
}

var _ http.Handler = (*Payment)(nil)

// NewPayment returns a payment service that holds nothing.
func NewPayment(f Faults) *Payment {
	p := &Payment{
		desk:  newDesk("payment", f),
		books: PaymentBooks{Held: map[string]int64{}, Ledger: Ledger{}},
		stuck: map[string]bool{},
	}
	onPost(&p.desk, "/holds", p.hold)
	p.onDelete("/holds", p.refund)
	return p
}

// Books returns a copy of the books.
func (p *Payment) Books() PaymentBooks {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.books.clone()
}

func (p *Payment) hold(h Hold) answer {
	if why, refused := refusals[h.Card]; refused {
		return answer{http.StatusPaymentRequired, why}
	}
	if p.dice.faults.Stuck && h.Card == noRefunds {
		p.stuck[h.Order] = true
	}
	p.books.Taken += h.Amount
	p.books.Held[h.Order] += h.Amount
	return receipt("H", h.Order, p.books.Ledger.add(h.Order))
}

func (p *Payment) refund(order string) answer {
	if p.stuck[order] {
		return answer{http.StatusInternalServerError, "this card takes no refunds"}
	}
	p.books.Refunded += p.books.Held[order]
	delete(p.books.Held, order)
	p.books.Ledger.undo(order)
	return undone
}
