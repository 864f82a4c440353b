package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
)

// A Recovery is what Recover has found.
type Recovery[T any] struct {
	Resumed []*Handle[T] // the executions that go on
	Left    []LeftError  // those that could not, and stay as they are
}

// A LeftError is an execution that Recover has left as it is, and why: its plan
// has changed (chain.ErrPlanChanged), or what the store has of it can't be read.
type LeftError struct {
	Head Head
	Err  error
}

// Error names the execution, its status and why it is left.
func (e *LeftError) Error() string {
	return fmt.Sprintf("runner: execution %s (%s) is left as it is: %v", e.Head.ID, e.Head.Status, e.Err)
}

// Unwrap is why it is left.
func (e *LeftError) Unwrap() error { return e.Err }

// errNameless is why an execution is left that may be of this plan before a change.
var errNameless = fmt.Errorf("neither its plan nor this one has a name, and its structure is another: %w", chain.ErrPlanChanged)

// Recover carries on every unfinished execution of the plan, to be called when a
// process starts: those whose steps were running go on with them, those that were
// compensating go on with that. It does not wait for their end, which is their
// Handles'. An execution goes on under the version of the plan it was begun under,
// and if that is not known under the plan itself, if the recorded steps fit it.
// Aborted and stuck ones are not unfinished: see Retry. Of a plan without a name,
// every unfinished execution of one without a name is left that has another
// structure: nothing tells whether it is of this plan before a change.
//
// The error has every *LeftError, and what was wrong with the store; the
// executions in Resumed go on in spite of it. They end with ctx, and then do what
// they do on failure: it must not have a deadline, or be cancelled when Recover
// has returned.
func (d *Durable[T]) Recover(ctx context.Context) (Recovery[T], error) {
	var found Recovery[T]
	if err := d.refuseIn(ctx); err != nil {
		return found, err
	}
	var faults []error
	var heads []Head
	for head, err := range d.store.List(ctx, Query{Plan: d.versions[0].plan, Statuses: Unfinished()}) {
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("runner: recover: %w", err))
		case d.owns(head):
			heads = append(heads, head)
		case head.Plan == "" && d.versions[0].plan == "":
			found.Left = append(found.Left, LeftError{head, errNameless})
		}
	}
	for _, head := range heads {
		handle, running := d.recoverOne(ctx, head)
		switch {
		case running:
		case handle.refusal:
			found.Left = append(found.Left, LeftError{head, handle.err})
		default:
			found.Resumed = append(found.Resumed, handle)
		}
	}
	for i := range found.Left {
		faults = append(faults, &found.Left[i])
	}
	return found, errors.Join(append(faults, d.expireAll(ctx))...)
}

// recoverOne carries on one execution, unless it is running already.
func (d *Durable[T]) recoverOne(ctx context.Context, head Head) (handle *Handle[T], running bool) {
	return d.with(d.named(head.ID), func(mine *claimed) *Handle[T] {
		found, err := d.load(ctx, head.ID)
		switch {
		case err != nil:
			return d.reject(d.named(head.ID), mine, err)
		case found.unknown():
			return d.reject(d.named(head.ID), mine, unknown(head.ID))
		}
		return d.carryOn(ctx, found, mine)
	})
}

// named stands for an execution of which only the ID is known.
func (d *Durable[T]) named(id string) *chain.ExecutionContext[T] {
	var none T
	return chain.NewExecutionContext(none, chain.WithID(id))
}
