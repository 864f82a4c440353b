package services

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// right returns the books of a world that sold two mugs with order o-1.
func right(t *testing.T) Books {
	t.Helper()
	w := start(t, Faults{})
	_, err := w.reserve(t, "k", 2)
	require.NoError(t, err)
	_, err = w.hold(t, "k", "o-1", "visa")
	require.NoError(t, err)
	_, err = w.book(t, "k", "1 Mill Lane, Ireland")
	require.NoError(t, err)
	return w.Books()
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	sold := []Sale{mug}
	for name, c := range map[string]struct {
		plant func(*Books)
		sold  []Sale
		stuck []string
		want  []string
	}{
		"nothing": {sold: sold},
		"not succeeded": {want: []string{
			"stock holds 2 × mug for order o-1, which did not succeed",
			"payment holds 30.00 for order o-1, which did not succeed",
			"shipping holds 1 parcel for order o-1, which did not succeed",
		}},
		"not held": {sold: []Sale{mug, {"o-2", "pen", 1, 249}}, want: []string{
			"stock holds nothing for order o-2, which succeeded: want 1 × pen",
			"payment holds nothing for order o-2, which succeeded: want 2.49",
			"shipping holds nothing for order o-2, which succeeded: want 1 parcel",
		}},
		"other pieces": {sold: []Sale{{"o-1", "lamp", 2, 3000}}, want: []string{
			"stock holds 2 × mug for order o-1: want 2 × lamp",
		}},
		"other amount": {sold: []Sale{{"o-1", "mug", 2, 2999}}, want: []string{
			"payment holds 30.00 for order o-1: want 29.99",
		}},
		"an effect too many, undone": {sold: sold, plant: func(b *Books) { b.Payment.Ledger["o-9"] = Effects{2, 2} }, want: []string{
			"payment acted 2 times for order o-9",
		}},
		"pieces lost": {sold: sold, plant: func(b *Books) { b.Stock.OnHand["mug"]-- }, want: []string{
			"stock has 3 pieces of mug less than at the start, but 2 are reserved",
		}},
		"money lost": {sold: sold, plant: func(b *Books) { b.Payment.Refunded += 5 }, want: []string{
			"payment took 29.95 more than it refunded, but holds 30.00",
		}},
		"parcel lost": {sold: sold, plant: func(b *Books) { b.Shipping.Booked++ }, want: []string{
			"shipping booked 2 parcels more than it cancelled, but holds 1",
		}},
		"listed twice": {sold: []Sale{mug, mug}, want: []string{"order o-1 is listed twice as succeeded"}},
		"sold and stuck": {sold: sold, stuck: []string{"o-1"}, want: []string{
			"order o-1 is listed both as succeeded and as stuck",
		}},
		"money for an unknown order": {sold: sold, plant: func(b *Books) { b.Payment.Held["o-17"], b.Payment.Taken = 5, 3005 }, want: []string{
			"payment holds 0.05 for order o-17, which did not succeed",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := right(t)
			if c.plant != nil {
				c.plant(&b)
			}
			a := b.Check(c.sold, c.stuck...)
			require.Equal(t, c.want, a.Discrepancies)
			require.Equal(t, len(c.want) == 0, a.OK())
		})
	}
}

func TestCheckListsStuckOrders(t *testing.T) {
	a := right(t).Check(nil, "o-1", "o-2")
	require.True(t, a.OK(), a)
	require.Equal(t, []string{
		"order o-1 is stuck: stock holds 2 × mug, payment holds 30.00, shipping holds 1 parcel",
		"order o-2 is stuck, but nothing is held for it",
	}, a.Stuck)
}

// The books are a copy: who changes them changes nothing in the services.
func TestBooksAreACopy(t *testing.T) {
	w := start(t, Faults{})
	_, err := w.reserve(t, "k", 2)
	require.NoError(t, err)
	b := w.Books()
	b.Stock.Held["o-1"]["mug"] = 99
	b.Stock.OnHand["mug"] = 0
	b.Stock.Ledger["o-1"] = Effects{}
	require.Equal(t, 2, w.Books().Stock.Held["o-1"]["mug"])
	require.Equal(t, 148, w.Books().Stock.OnHand["mug"])
	require.Equal(t, 1, w.Books().Stock.Ledger["o-1"].Done)
}

// The inventory that a stock starts with stays the caller's.
func TestInventoryIsCopied(t *testing.T) {
	inventory := map[string]int{"mug": 5}
	s := NewStock(inventory, Faults{})
	s.reserve(Reservation{Order: "o-1", SKU: "mug", Quantity: 2})
	require.Equal(t, 5, inventory["mug"])
	require.Equal(t, 5, s.Books().Initial["mug"])
	require.Equal(t, 3, s.Books().OnHand["mug"])
}
