package services

import (
	"net/http"
	"slices"
	"strings"
)

// Parcel asks the shipping service to send an order to an address.
type Parcel struct {
	Order   string `json:"order"`
	Address string `json:"address"`
}

func (p Parcel) id() string { return p.Order }

func (p Parcel) validate() error { return nil }

// unserved are the last parts of addresses where no parcel goes.
var unserved = []string{"Atlantis", "Moon"}

func servable(address string) bool {
	last := strings.TrimSpace(address[strings.LastIndex(address, ",")+1:])
	return last != "" && !slices.Contains(unserved, last)
}

// Shipping is the shipping service: POST /parcels and DELETE /parcels/{order}.
// An address that is empty, or whose part after the last comma is "Atlantis" or "Moon", is answered with 422.
type Shipping struct {
	desk
	books ShippingBooks
}

var _ http.Handler = (*Shipping)(nil)

// NewShipping returns a shipping service without parcels.
func NewShipping(f Faults) *Shipping {
	s := &Shipping{
		desk:  newDesk("shipping", f),
		books: ShippingBooks{Held: map[string]int{}, Ledger: Ledger{}},
	}
	onPost(&s.desk, "/parcels", s.book)
	s.onDelete("/parcels", s.cancel)
	return s
}

// Books returns a copy of the books.
func (s *Shipping) Books() ShippingBooks {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.books.clone()
}

func (s *Shipping) book(p Parcel) answer {
	if !servable(p.Address) {
		return answer{http.StatusUnprocessableEntity, "no parcels to this address"}
	}
	s.books.Booked++
	s.books.Held[p.Order]++
	return receipt("P", p.Order, s.books.Ledger.add(p.Order))
}

func (s *Shipping) cancel(order string) answer {
	s.books.Cancelled += s.books.Held[order]
	delete(s.books.Held, order)
	s.books.Ledger.undo(order)
	return undone
}
