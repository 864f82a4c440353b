package main

import (
	"context"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/examples/checkout/services"
	"github.com/taskchain-go/taskchain/runner"
)

func checkBooks(ctx context.Context, a *call) (int, error) {
	at, err := a.tryFind(ctx)
	if err != nil {
		return 0, err
	}
	return a.with(at, func(o *orders) (int, error) { return o.report(ctx, at) })
}

// report counts the orders in the folder, and compares them with the books.
func (o *orders) report(ctx context.Context, at addresses) (status int, err error) {
	var (
		sales []services.Sale
		open  []string // nothing can be said of what is held for these
		count = map[chain.Status]int{}
	)
	for head, err := range o.List(ctx, runner.Query{}) {
		if err != nil {
			return 0, err
		}
		count[head.Status]++
		switch head.Status {
		case chain.Succeeded:
			exec, err := o.Get(ctx, head.ID)
			if err != nil {
				return 0, err
			}
			sales = append(sales, exec.Data.Sale())
		case chain.Compensated:
		default:
			open = append(open, head.ID)
		}
	}
	books, err := at.books(ctx)
	if err != nil {
		return 0, err
	}
	stuck := count[chain.Stuck]
	o.call.say("%d orders succeeded, %d compensated, %d stuck, %d unfinished", count[chain.Succeeded], count[chain.Compensated], stuck, len(open)-stuck)
	if len(open) > 0 {
		status = mustLook
	}
	audit := books.Check(sales, open...)
	for _, leak := range audit.Discrepancies {
		o.call.say("LEAK: %s", leak)
		status = untrusted
	}
	if audit.OK() {
		o.call.say("nothing leaked: what the services hold is what was sold")
	}
	return status, nil
}
