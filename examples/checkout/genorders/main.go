// Command genorders writes the orders of the checkout example, one JSON object a line, always the same:
//
//	go run ./examples/checkout/genorders > examples/checkout/orders.jsonl
//
// Most are good. Some fail by their own data (a refused card, an SKU that is sold out, an address where
// no parcel goes), two of them with a card that takes no refunds, and some lines are not orders at all.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
)

// order is one line.
type order struct {
	ID       string `json:"id"`
	Customer string `json:"customer"`
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
	Amount   int64  `json:"amount"`
	Card     string `json:"card"`
	Address  string `json:"address"`
}

const lines = 240

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "genorders:", err)
		os.Exit(1)
	}
}

// write writes all lines. A line's number is the number of its order, so that a report about either
// leads to the other.
func write(w io.Writer) error {
	out := bufio.NewWriter(w)
	rng := rand.New(rand.NewPCG(2026, 7))
	for n := 1; n <= lines; n++ {
		o := good(rng, n)
		spoil(rng, &o)
		line, err := json.Marshal(o)
		if err != nil {
			return err
		}
		if bad, ok := malformed[n]; ok {
			line = []byte(bad)
		}
		if _, err := fmt.Fprintf(out, "%s\n", line); err != nil {
			return err
		}
	}
	return out.Flush()
}

var (
	customers = []string{
		"Ada Brook", "Ben Carter", "Chloé Dubois", "Dmitri Orlov", "Elif Yıldız", "Femi Adeyemi", "Grace Hall",
		"Hiroshi 田中", "Ines Costa", "Jonas Weiß", "Kofi Mensah", "Lea Novák", "Mía Núñez", "Nils Sørensen", "Olga Zając",
	}
	goods = []struct {
		sku   string
		price int64
	}{
		{"mug", 1250}, {"teapot", 3499}, {"notebook", 899}, {"pen", 249},
		{"lamp", 4999}, {"blanket", 5950}, {"backpack", 7900}, {"headphones", 12900},
	}
	cards     = []string{"visa-4242", "visa-1881", "master-4444", "master-5100", "amex-0005"}
	streets   = []string{"Mill Lane", "Harbour Street", "Station Road", "Rue des Fleurs", "Lindenweg", "Calle Mayor"}
	countries = []string{"Ireland", "France", "Germany", "Spain", "Norway", "Portugal"}
)

func good(rng *rand.Rand, n int) order {
	g := pick(rng, goods)
	quantity := 1 + rng.IntN(4)
	return order{
		ID:       id(n),
		Customer: pick(rng, customers),
		SKU:      g.sku,
		Quantity: quantity,
		Amount:   g.price * int64(quantity),
		Card:     pick(rng, cards),
		Address:  fmt.Sprintf("%d %s, %s", 1+rng.IntN(99), pick(rng, streets), pick(rng, countries)),
	}
}

// spoil makes about one order in five fail by its own data. It draws the same numbers for each order,
// so that a change of one does not change the next.
func spoil(rng *rand.Rand, o *order) {
	roll, card := rng.IntN(100), pick(rng, []string{"declined", "expired", "no-funds"})
	nowhere := pick(rng, []string{"1 Palace Steps, Atlantis", "7 Crater Rim, Moon"})
	switch {
	case o.ID == id(66) || o.ID == id(166): // charged, then not sent, then not refunded
		o.Card, o.Address = "no-refunds", nowhere
	case o.ID == id(99): // the same card does no harm when all goes well
		o.Card = "no-refunds"
	case roll < 8:
		o.Card = card
	case roll < 12:
		o.SKU, o.Quantity, o.Amount = "typewriter", 1, 18900
	case roll < 14: // there is one
		o.SKU, o.Quantity, o.Amount = "globe", 2, 13800
	case roll < 20:
		o.Address = nowhere
	}
}

// malformed are the lines that are not orders, by number. The last two repeat the id of an earlier order.
var malformed = map[int]string{
	17:  `{"id":"o-0017","customer":"Ada Brook","sku":"mug","quantity":2,`,
	42:  `{"id":"o-0042","customer":"Ben Carter","sku":"pen","quantity":"two","amount":498,"card":"visa-4242","address":"3 Mill Lane, Ireland"}`,
	73:  `{"customer":"Femi Adeyemi","sku":"lamp","quantity":1,"amount":4999,"card":"visa-1881","address":"8 Lindenweg, Germany"}`,
	101: `{"id":"o-0101","customer":"Grace Hall","sku":"mug","quantity":1,"amount":1250,"card":"amex-0005","address":"5 Calle Mayor, Spain"} and more`,
	128: `{}`,
	151: `{"id":"o-0151","customer":"Kofi Mensah","sku":"teapot","quantity":-3,"amount":10497,"card":"master-4444","address":"9 Station Road, Ireland"}`,
	177: `["o-0177","notebook",2]`,
	190: `{"id":"o-0190","customer":"Ines Costa","sku":"pen","quantity":1,"amount":2.49,"card":"visa-4242","address":"2 Rue des Fleurs, France"}`,
	205: `order 205: three mugs for Olga, please`,
	212: `{"id":"o-0012","customer":"Ada Brook","sku":"mug","quantity":1,"amount":1250,"card":"visa-4242","address":"3 Mill Lane, Ireland"}`,
	233: `{"id":"o-0033","customer":"Lea Novák","sku":"notebook","quantity":2,"amount":1798,"card":"master-5100","address":"6 Harbour Street, Portugal"}`,
}

func id(n int) string { return fmt.Sprintf("o-%04d", n) }

func pick[E any](rng *rand.Rand, from []E) E { return from[rng.IntN(len(from))] }
