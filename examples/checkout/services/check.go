package services

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Sale is an order that succeeded, and what the services must hold for it: Quantity pieces of SKU,
// Amount cents, one parcel.
type Sale struct {
	Order    string
	SKU      string
	Quantity int
	Amount   int64
}

// Audit is the result of [Books.Check], in words, sorted by order.
type Audit struct {
	Discrepancies []string // what is wrong; empty when the books are right
	Stuck         []string // what the services hold for stuck orders, for a person to look at
}

// OK reports whether there is no discrepancy. Stuck orders are none.
func (a Audit) OK() bool { return len(a.Discrepancies) == 0 }

// Check compares the books with the orders that succeeded: each must be held once by each service, and
// nothing may be held for any other order, and the totals must agree. What is held for a stuck
// order is listed, and is no discrepancy. An effect that happened twice for one order is one, even if undone
// since: the customer has seen it.
func (b Books) Check(succeeded []Sale, stuck ...string) Audit {
	var a Audit
	sales := map[string]Sale{}
	for _, s := range succeeded {
		if _, ok := sales[s.Order]; ok {
			a.wrong("order %s is listed twice as succeeded", s.Order)
		}
		sales[s.Order] = s
	}
	for _, order := range b.orders(sales, stuck) {
		sale, sold := sales[order]
		switch isStuck := slices.Contains(stuck, order); {
		case isStuck && sold:
			a.wrong("order %s is listed both as succeeded and as stuck", order)
		case isStuck:
			a.Stuck = append(a.Stuck, b.describeStuck(order))
		default:
			a.compare(order, sold, b.holds(order), sale.wants())
		}
		a.compareEffects(order, b)
	}
	a.compareTotals(b)
	return a
}

func (a *Audit) wrong(format string, args ...any) {
	a.Discrepancies = append(a.Discrepancies, fmt.Sprintf(format, args...))
}

// orders returns all orders that anyone knows of, sorted.
func (b Books) orders(sales map[string]Sale, stuck []string) []string {
	all := slices.Clone(stuck)
	all = slices.AppendSeq(all, maps.Keys(sales))
	all = slices.AppendSeq(all, maps.Keys(b.Stock.Held))
	all = slices.AppendSeq(all, maps.Keys(b.Payment.Held))
	all = slices.AppendSeq(all, maps.Keys(b.Shipping.Held))
	for _, l := range b.ledgers() {
		all = slices.AppendSeq(all, maps.Keys(l))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// names are the services in the order of a [holding] and of [Books.ledgers].
var names = [3]string{"stock", "payment", "shipping"}

// holding is what each service holds for an order, in words; "" is nothing.
type holding [3]string

func (b Books) ledgers() [3]Ledger {
	return [3]Ledger{b.Stock.Ledger, b.Payment.Ledger, b.Shipping.Ledger}
}

func (b Books) holds(order string) holding {
	return holding{pieces(b.Stock.Held[order]), money(b.Payment.Held[order]), parcels(b.Shipping.Held[order])}
}

func (s Sale) wants() holding {
	if s == (Sale{}) {
		return holding{}
	}
	return holding{pieces(map[string]int{s.SKU: s.Quantity}), money(s.Amount), parcels(1)}
}

func (b Books) describeStuck(order string) string {
	var held []string
	for i, h := range b.holds(order) {
		if h != "" {
			held = append(held, names[i]+" holds "+h)
		}
	}
	if held == nil {
		return fmt.Sprintf("order %s is stuck, but nothing is held for it", order)
	}
	return fmt.Sprintf("order %s is stuck: %s", order, strings.Join(held, ", "))
}

func (a *Audit) compare(order string, sold bool, got, want holding) {
	for i, service := range names {
		switch {
		case got[i] == want[i]:
		case !sold:
			a.wrong("%s holds %s for order %s, which did not succeed", service, got[i], order)
		case got[i] == "":
			a.wrong("%s holds nothing for order %s, which succeeded: want %s", service, order, want[i])
		default:
			a.wrong("%s holds %s for order %s: want %s", service, got[i], order, want[i])
		}
	}
}

func (a *Audit) compareEffects(order string, b Books) {
	for i, l := range b.ledgers() {
		if n := l[order].Done; n > 1 {
			a.wrong("%s acted %d times for order %s", names[i], n, order)
		}
	}
}

// compareTotals checks each service against itself: what it gave out in all is what it holds for all orders.
func (a *Audit) compareTotals(b Books) {
	reserved := map[string]int{}
	for _, held := range b.Stock.Held {
		for sku, n := range held {
			reserved[sku] += n
		}
	}
	skus := slices.AppendSeq(slices.Collect(maps.Keys(b.Stock.Initial)), maps.Keys(reserved))
	slices.Sort(skus)
	for _, sku := range slices.Compact(skus) {
		if gone := b.Stock.Initial[sku] - b.Stock.OnHand[sku]; gone != reserved[sku] {
			a.wrong("stock has %d pieces of %s less than at the start, but %d are reserved", gone, sku, reserved[sku])
		}
	}
	if net, held := b.Payment.Taken-b.Payment.Refunded, sum(b.Payment.Held); net != held {
		a.wrong("payment took %s more than it refunded, but holds %s", cents(net), cents(held))
	}
	if net, held := b.Shipping.Booked-b.Shipping.Cancelled, sum(b.Shipping.Held); net != held {
		a.wrong("shipping booked %d parcels more than it cancelled, but holds %d", net, held)
	}
}

func sum[N int | int64](m map[string]N) (total N) {
	for _, n := range m {
		total += n
	}
	return total
}

func pieces(held map[string]int) string {
	var words []string
	for _, sku := range slices.Sorted(maps.Keys(held)) {
		words = append(words, fmt.Sprintf("%d × %s", held[sku], sku))
	}
	return strings.Join(words, " and ")
}

func money(amount int64) string {
	if amount == 0 {
		return ""
	}
	return cents(amount)
}

func cents(amount int64) string {
	sign := ""
	if amount < 0 {
		sign, amount = "-", -amount
	}
	return fmt.Sprintf("%s%d.%02d", sign, amount/100, amount%100)
}

func parcels(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 parcel"
	}
	return fmt.Sprintf("%d parcels", n)
}
