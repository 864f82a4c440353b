package services

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
)

// Reservation asks the stock service to keep pieces of one SKU for an order.
type Reservation struct {
	Order    string `json:"order"`
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

func (r Reservation) id() string { return r.Order }

func (r Reservation) validate() error {
	if r.SKU == "" {
		return errors.New("no sku")
	}
	if r.Quantity < 1 {
		return fmt.Errorf("quantity is %d, less than 1", r.Quantity)
	}
	return nil
}

// DefaultInventory returns the pieces of each SKU that the stock of a [World] starts with.
func DefaultInventory() map[string]int {
	return map[string]int{
		"mug":        150,
		"teapot":     120,
		"notebook":   150,
		"pen":        150,
		"lamp":       120,
		"blanket":    120,
		"backpack":   120,
		"headphones": 120,
		"typewriter": 0, // sold out
		"globe":      1, // the last one
	}
}

// Stock is the stock service: POST /reservations and DELETE /reservations/{order}.
// A reservation of more than is on hand is answered with 409.
type Stock struct {
	desk
	books StockBooks
}

var _ http.Handler = (*Stock)(nil)

// NewStock returns a stock service that starts with the given pieces of each SKU.
func NewStock(inventory map[string]int, f Faults) *Stock {
	s := &Stock{desk: newDesk("stock", f), books: StockBooks{
		Initial: maps.Clone(inventory),
		OnHand:  maps.Clone(inventory),
		Held:    map[string]map[string]int{},
		Ledger:  Ledger{},
	}}
	onPost(&s.desk, "/reservations", s.reserve)
	s.onDelete("/reservations", s.release)
	return s
}

// Books returns a copy of the books.
func (s *Stock) Books() StockBooks {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.books.clone()
}

func (s *Stock) reserve(r Reservation) answer {
	b := s.books
	if b.OnHand[r.SKU] < r.Quantity {
		return answer{http.StatusConflict, fmt.Sprintf("%d of %s wanted, %d on hand", r.Quantity, r.SKU, b.OnHand[r.SKU])}
	}
	b.OnHand[r.SKU] -= r.Quantity
	if b.Held[r.Order] == nil {
		b.Held[r.Order] = map[string]int{}
	}
	b.Held[r.Order][r.SKU] += r.Quantity
	return receipt("R", r.Order, b.Ledger.add(r.Order))
}

func (s *Stock) release(order string) answer {
	for sku, n := range s.books.Held[order] {
		s.books.OnHand[sku] += n
	}
	delete(s.books.Held, order)
	s.books.Ledger.undo(order)
	return undone
}
