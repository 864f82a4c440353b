package shop

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/taskchain-go/taskchain/examples/checkout/services"
)

// An Order is the data of one execution: what the customer wants, and what the steps have got for it.
type Order struct {
	ID       string   `json:"id"`
	Customer string   `json:"customer"`
	SKU      string   `json:"sku"`
	Quantity int      `json:"quantity"`
	Amount   int64    `json:"amount"` // in cents
	Card     string   `json:"card"`
	Address  string   `json:"address"`
	Receipts Receipts `json:"receipts,omitzero"` // for the steps to fill in
}

// Receipts are what the services gave for what they did.
type Receipts struct {
	Stock    string `json:"stock,omitempty"`
	Payment  string `json:"payment,omitempty"`
	Shipping string `json:"shipping,omitempty"`
}

// Sale is what the services must hold for the order once it has succeeded.
func (o Order) Sale() services.Sale {
	return services.Sale{Order: o.ID, SKU: o.SKU, Quantity: o.Quantity, Amount: o.Amount}
}

// parseOrder reads one line. Its errors are for the people who wrote the line.
func parseOrder(text []byte) (Order, error) {
	if !utf8.Valid(text) { // package json would replace what it can't read, in an id too
		return Order{}, errors.New("not UTF-8")
	}
	var o Order
	if err := json.Unmarshal(text, &o); err != nil {
		return Order{}, plain(err)
	}
	return o, o.check()
}

// check finds what no service needs to be asked about.
func (o Order) check() error {
	switch {
	case o.ID == "":
		return errors.New("no id")
	case len(o.ID) > MaxID:
		return fmt.Errorf("id has %d bytes, more than %d", len(o.ID), MaxID)
	case strings.ContainsFunc(o.ID, invisible):
		return fmt.Errorf("id %q has a space or an invisible character", o.ID)
	case o.SKU == "":
		return errors.New("no sku")
	case o.Quantity < 1:
		return fmt.Errorf("quantity is %d, less than 1", o.Quantity)
	case o.Amount < 1:
		return fmt.Errorf("amount is %d, less than 1", o.Amount)
	case o.Card == "":
		return errors.New("no card")
	case o.Address == "":
		return errors.New("no address")
	case o.Receipts != Receipts{}:
		return errors.New("has receipts before it is sold")
	}
	return nil
}

// MaxID is the length of an id in bytes: it goes into file names, where each byte may take three.
const MaxID = 64

func invisible(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }

// plain says what is wrong with a value of the wrong type in words that are not Go's.
func plain(err error) error {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return err
	}
	want := map[reflect.Kind]string{reflect.String: "text", reflect.Struct: "an object"}[wrong.Type.Kind()]
	if want == "" {
		want = "a whole number"
	}
	field := wrong.Field
	if field == "" {
		field = "the line"
	}
	return fmt.Errorf("%s is %.40s, not %s", field, wrong.Value, want)
}
