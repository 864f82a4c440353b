package runner

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/taskchain-go/taskchain/chain"
)

// expiry is the finished executions that are to be forgotten, the oldest first.
type expiry struct {
	age   time.Duration
	mu    sync.Mutex
	queue []Head
}

// due takes the next execution whose time has come.
func (e *expiry) due(now time.Time) (head Head, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 || now.Sub(e.queue[0].Changed) < e.age {
		return Head{}, false
	}
	head, e.queue = e.queue[0], e.queue[1:]
	return head, true
}

func (e *expiry) add(head Head) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue = append(e.queue, head)
}

// merge adds what was found in the store to what has finished meanwhile.
func (e *expiry) merge(found []Head) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue = append(found, e.queue...)
	slices.SortFunc(e.queue, func(a, b Head) int {
		return cmp.Or(a.Changed.Compare(b.Changed), cmp.Compare(a.ID, b.ID))
	})
	e.queue = slices.CompactFunc(e.queue, func(a, b Head) bool { return a.ID == b.ID && a.Changed.Equal(b.Changed) })
}

// expire forgets what is due when an execution has finished. What can't be
// forgotten now is found again by the next Recover.
func (d *Durable[T]) expire(finished Head) {
	if d.expiry == nil {
		return
	}
	if finished.Status.Finished() {
		d.expiry.add(finished)
	}
	_ = d.forgetDue(context.Background())
}

// expireAll looks through the whole store.
func (d *Durable[T]) expireAll(ctx context.Context) error {
	if d.expiry == nil {
		return nil
	}
	finished := Query{Plan: d.versions[0].plan, Statuses: []chain.Status{chain.Succeeded, chain.Partial, chain.Compensated}}
	var heads []Head
	for head, err := range d.store.List(ctx, finished) {
		if err != nil {
			return err
		}
		if d.owns(head) {
			heads = append(heads, head)
		}
	}
	d.expiry.merge(heads)
	return d.forgetDue(ctx)
}

func (d *Durable[T]) forgetDue(ctx context.Context) error {
	var faults []error
	for {
		head, ok := d.expiry.due(time.Now())
		if !ok {
			return errors.Join(faults...)
		}
		if err := d.forget(ctx, head); err != nil {
			faults = append(faults, err)
		}
	}
}
