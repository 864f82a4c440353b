package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/taskchain-go/taskchain/chain"
)

// Office has the steps. What they do is a line in FILE.effects.
type Office struct{ file string }

// Number gives the invoice its number.
func (o Office) Number(ctx context.Context, i *Invoice) error {
	i.Number = 4711
	return o.effect(ctx)
}

// Book books the invoice.
func (o Office) Book(ctx context.Context, _ *Invoice) error { return o.effect(ctx) }

// Approve looks for the approval, FILE.approved.
func (o Office) Approve(ctx context.Context, _ *Invoice) error {
	if _, err := os.Stat(o.file + ".approved"); err != nil {
		return errNotApproved
	}
	return o.effect(ctx)
}

// Pay pays the invoice.
func (o Office) Pay(ctx context.Context, i *Invoice) error {
	i.Paid = true
	return o.effect(ctx)
}

// Archive puts the invoice away.
func (o Office) Archive(ctx context.Context, _ *Invoice) error { return o.effect(ctx) }

// effect writes the step's idempotency key down. A service that gets the key
// with a request knows by it whether it has done the work already.
func (o Office) effect(ctx context.Context) error {
	step, _ := chain.StepFrom(ctx)
	f, err := os.OpenFile(o.file+".effects", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, step.IdempotencyKey())
	return errors.Join(err, f.Close())
}
