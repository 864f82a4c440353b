package runner

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/taskchain-go/taskchain/chain"
)

// ErrUnknownExecution is an ID that the store has no execution of.
var ErrUnknownExecution = errors.New("runner: unknown execution")

func unknown(id string) error { return fmt.Errorf("%w: %s", ErrUnknownExecution, id) }

// List tells of each execution in the store that q asks for, of whatever plan,
// in any order. It ends after an error.
func (d *Durable[T]) List(ctx context.Context, q Query) iter.Seq2[Head, error] {
	if err := d.refuseIn(ctx); err != nil {
		return func(yield func(Head, error) bool) { yield(Head{}, err) }
	}
	return d.store.List(ctx, q)
}

// Get reads an execution as it was last recorded, to be looked at. The error
// matches ErrUnknownExecution if there is none.
func (d *Durable[T]) Get(ctx context.Context, id string) (*chain.ExecutionContext[T], error) {
	if err := d.refuseIn(ctx); err != nil {
		return nil, err
	}
	found, err := d.load(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case found.unknown():
		return nil, unknown(id)
	}
	return found.exec, nil
}

// Cancel ends the steps of an execution with cause, or context.Canceled for nil:
// a failure, after which the plan does what it does on failure, such as
// compensate. That is safe when Cancel returns: a crash does not undo it. If the
// last step is at work and succeeds nevertheless, so does the execution. One that
// is not running is carried on to that end. Cancel does not wait for it; the
// Handle does. The error matches ErrUnknownExecution, or chain.ErrFinished if the
// execution has ended.
func (d *Durable[T]) Cancel(ctx context.Context, id string, cause error) (*Handle[T], error) {
	return d.operate(ctx, id,
		func(running *Handle[T]) error { return running.cancel(cause) },
		func(found *stored[T]) error {
			if found.exec.Status().Ended() {
				return ended(found.head)
			}
			found.cancellation, found.asked = d.text(causeOf(cause)), true
			return nil
		})
}

// Retry goes on with an execution that has aborted or is stuck: what failed runs
// again, with its retries fresh. Its Handle waits for the end. The execution ends
// with ctx: give it none of a request. The error matches ErrUnknownExecution, or
// chain.ErrFinished if nothing is left to do.
func (d *Durable[T]) Retry(ctx context.Context, id string) (*Handle[T], error) {
	return d.operate(ctx, id,
		func(*Handle[T]) error { return fmt.Errorf("runner: execution %s is running", id) },
		func(found *stored[T]) error {
			if found.exec.Status().Ended() {
				found.cancellation = ""
			}
			return nil
		})
}

// operate has act see to an execution that is running, and has prepare see to
// another before it carries that on.
func (d *Durable[T]) operate(ctx context.Context, id string, act func(*Handle[T]) error, prepare func(*stored[T]) error) (*Handle[T], error) {
	if ctx == nil {
		return nil, errNilContext
	}
	handle, running := d.with(d.named(id), func(mine *claimed) *Handle[T] {
		found, err := d.load(ctx, id)
		switch {
		case err != nil:
		case found.unknown():
			err = unknown(id)
		case !d.owns(found.head):
			err = d.foreign(found.head)
		default:
			err = prepare(&found)
		}
		if err != nil {
			return d.reject(d.named(id), mine, err)
		}
		return d.launch(ctx, d.versionOf(found.exec), found, mine)
	})
	if handle.refusal {
		return nil, handle.err
	}
	if running {
		if err := act(handle); err != nil {
			return nil, err
		}
	}
	return handle, nil
}

// Forget removes an execution that has ended; its ID is unknown then, and may be
// used anew. One that is unfinished is refused: what it holds would be held for
// ever. Who wants that nevertheless asks the Store. One that is aborted or stuck is
// not: see first to what it holds.
func (d *Durable[T]) Forget(ctx context.Context, id string) error {
	if err := d.refuseIn(ctx); err != nil {
		return err
	}
	mine, other, err := d.claimOf(id)
	switch {
	case err != nil:
		return err
	case other != nil:
		now, _ := other.unfinished(nil)
		return unfinished(id, now.Status)
	}
	defer d.dismiss(id, mine)
	found, err := d.load(ctx, id)
	switch {
	case err != nil:
		return err
	case found.unknown():
		return unknown(id)
	case !found.exec.Status().Ended():
		return unfinished(id, found.exec.Status())
	}
	return d.store.Forget(ctx, id)
}

func unfinished(id string, status chain.Status) error {
	return fmt.Errorf("runner: execution %s is unfinished, it is %s: cancel it, or wait for its end", id, status)
}

// forget removes an execution, if it is still as head has it.
func (d *Durable[T]) forget(ctx context.Context, head Head) (err error) {
	mine, _, err := d.claimOf(head.ID)
	if mine == nil {
		return errors.Join(fmt.Errorf("runner: execution %s is running", head.ID), err)
	}
	defer d.dismiss(head.ID, mine)
	defer unpanicked(&err) // nobody waits for it
	records, err := d.records(ctx, head.ID)
	if err != nil || len(records) == 0 || !records[len(records)-1].Changed.Equal(head.Changed) {
		return err
	}
	return d.store.Forget(ctx, head.ID)
}
