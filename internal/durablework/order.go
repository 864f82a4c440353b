// Package durablework is what the benchmarks of durable executions have in
// common: the data, the plan, and the floor of the disk that they are compared
// with.
package durablework

import (
	"context"
	"fmt"
	"strings"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// An Order is the data of an execution: about 1 KiB of JSON, whatever was done.
type Order struct {
	Number   string  `json:"number"`
	Customer Person  `json:"customer"`
	Payer    Person  `json:"payer"`
	Lines    []Line  `json:"lines"`
	Total    float64 `json:"total"`
	Notes    string  `json:"notes"`
	Done     int     `json:"done"` // steps
}

// A Person is one of an Order's.
type Person struct {
	Name    string `json:"name"`
	Email   string `json:"email"`
	Street  string `json:"street"`
	City    string `json:"city"`
	Country string `json:"country"`
}

// A Line is one of an Order's.
type Line struct {
	Article string  `json:"article"`
	Text    string  `json:"text"`
	Count   int     `json:"count"`
	Price   float64 `json:"price"`
}

// NewOrder makes one of which nothing was done.
func NewOrder() Order {
	ada := Person{"Ada Lovelace", "ada@analytical.example", "12 St James's Square", "London SW1Y 4JH", "United Kingdom"}
	o := Order{Number: "2026-11-24/000017", Customer: ada, Payer: ada, Notes: strings.Repeat("Please ring twice. ", 11)}
	for i := range 5 {
		o.Lines = append(o.Lines, Line{fmt.Sprintf("A-%06d", i), "A brass gear wheel of 48 teeth", i + 1, 12.5})
		o.Total += float64(i+1) * 12.5
	}
	return o
}

// Do is a step that costs nothing to speak of.
func Do(_ context.Context, o *Order) error { o.Done++; return nil }

// Plan is one of n steps, all of which are Do.
func Plan(n int) *builder.Plan[Order] { return PlanWith(n, 0, Do) }

// PlanWith is Plan with another step at place i, counted from 0. Its structure is
// the same.
func PlanWith(n, i int, step builder.StepFunc[Order]) *builder.Plan[Order] {
	b := chain.New[Order]().Named(fmt.Sprintf("order of %d steps", n))
	for at := range n {
		does := Do
		if at == i {
			does = step
		}
		b = b.Step(StepName(at), does).Builder
	}
	return b.MustBuild()
}

// StepName is the i-th step's, counted from 0.
func StepName(i int) string { return fmt.Sprintf("step%04d", i) }
