package runner

import (
	"context"
	"fmt"
	"slices"

	"github.com/taskchain-go/taskchain/chain"
)

// start begins an execution, or finds the one with its ID.
func (d *Durable[T]) start(ctx context.Context, exec *chain.ExecutionContext[T]) *Handle[T] {
	handle, _ := d.with(exec, func(mine *claimed) *Handle[T] {
		found, err := d.load(context.WithoutCancel(orBackground(ctx)), exec.ID)
		switch {
		case err != nil:
			return d.reject(exec, mine, err)
		case found.unknown():
			return d.launch(ctx, d.versions[0], stored[T]{exec: exec}, mine)
		}
		return d.carryOn(ctx, found, mine)
	})
	return handle
}

// take goes on with an execution of the caller's.
func (d *Durable[T]) take(ctx context.Context, exec *chain.ExecutionContext[T]) *Handle[T] {
	handle, running := d.with(exec, func(mine *claimed) *Handle[T] {
		found, err := d.load(context.WithoutCancel(orBackground(ctx)), exec.ID)
		switch {
		case err != nil || found.unknown():
		case !d.owns(found.head):
			err = d.foreign(found.head)
		case !begins(exec.Trace(), found.exec.Trace()):
			err = fmt.Errorf("runner: execution %s: the store knows more of it than what is to be resumed", exec.ID)
		}
		if err != nil {
			return d.reject(exec, mine, err)
		}
		if found.head.Status.Ended() {
			found.cancellation = "" // it was heard
		}
		found.exec = exec
		return d.launch(ctx, d.versionOf(exec), found, mine)
	})
	if running {
		return refusedHandle(exec, fmt.Errorf("runner: execution %s is already running", exec.ID))
	}
	return handle
}

// begins tells whether trace begins with past. Texts are not compared: what of an
// error may be written down can have been another.
func begins(trace, past chain.Trace) bool {
	return len(past) <= len(trace) && slices.EqualFunc(trace[:len(past)], past, func(a, b chain.Event) bool {
		return a.Time.Equal(b.Time) && a.Kind == b.Kind && a.Path == b.Path && a.Phase == b.Phase && a.Attempt == b.Attempt
	})
}

// with has do begin or find an execution that nobody else is at work on. If
// somebody is, it is running, and the Handle is theirs.
func (d *Durable[T]) with(exec *chain.ExecutionContext[T], do func(*claimed) *Handle[T]) (handle *Handle[T], running bool) {
	if err := d.refuse(); err != nil {
		return refusedHandle(exec, err), false
	}
	if err := d.census.enter(); err != nil {
		return refusedHandle(exec, err), false
	}
	mine, other, err := d.claimOf(exec.ID)
	if mine != nil {
		defer func() {
			if handle == nil { // something of the user's panicked or ended the goroutine: others may come
				d.letGo(exec.ID, mine)
			}
		}()
		return do(mine), false
	}
	d.census.leave()
	if err == nil {
		head := Head{ID: exec.ID, Plan: other.exec.Plan(), Fingerprint: other.exec.Fingerprint()}
		if d.owns(head) {
			return other, true
		}
		err = d.foreign(head)
	}
	return refusedHandle(exec, err), false
}

// carryOn is the Handle of an execution that the store knows: of one that has
// ended as it is, and otherwise it goes on.
func (d *Durable[T]) carryOn(ctx context.Context, found stored[T], mine *claimed) *Handle[T] {
	exec := found.exec
	switch {
	case !d.owns(found.head):
		return d.reject(exec, mine, d.foreign(found.head))
	case exec.Status().Ended():
		handle := newHandle(exec, nil)
		handle.end(exec.Outcome())
		d.letGo(exec.ID, mine)
		return handle
	}
	return d.launch(ctx, d.versionOf(exec), found, mine)
}

func (d *Durable[T]) foreign(h Head) error {
	return fmt.Errorf("runner: execution %s is one of plan %q", h.ID, h.Plan)
}

// owns tells whether an execution is one of this plan's.
func (d *Durable[T]) owns(h Head) bool {
	if h.Plan != "" || d.versions[0].plan != "" {
		return h.Plan == d.versions[0].plan
	}
	for _, v := range d.versions {
		if v.fingerprint == h.Fingerprint {
			return true
		}
	}
	return false
}

// versionOf is the version that the execution was begun under, or else the plan
// itself: it may fit.
func (d *Durable[T]) versionOf(exec *chain.ExecutionContext[T]) version[T] {
	fingerprint := exec.Fingerprint()
	for _, v := range d.versions {
		if v.fingerprint == fingerprint {
			return v
		}
	}
	return d.versions[0]
}

// launch drives the execution in a goroutine of its own.
func (d *Durable[T]) launch(ctx context.Context, v version[T], from stored[T], mine *claimed) *Handle[T] {
	exec := from.exec
	if ctx == nil {
		return d.reject(exec, mine, errNilContext)
	}
	steps, cancel := context.WithCancelCause(ctx)
	h := &durableHost[T]{
		runner: d, exec: exec, write: context.WithoutCancel(steps), cancel: cancel,
		head: from.head, next: from.next, cancellation: from.cancellation,
		begun: make(chan struct{}), stop: make(chan struct{}),
	}
	if from.cancellation != "" {
		cancel(cancellation(from.cancellation))
	}
	x, err := v.core.begin(steps, exec, &h.host, h)
	if err != nil {
		cancel(nil)
		return d.reject(exec, mine, err)
	}
	if from.asked { // and can be heard: what is refused leaves nothing behind
		if err := h.append(Record{Head: h.head, Body: appendBody(nil, h.cancellation)}); err != nil {
			cancel(nil)
			return d.reject(exec, mine, err)
		}
	}
	if from.next > 0 { // there is a begin that is safe already
		h.beginOnce.Do(func() { close(h.begun) })
	}
	handle := newHandle(exec, cancel)
	handle.cancel, handle.begun = h.requestCancel, h.begun
	mine.set(handle)
	go func() {
		defer d.census.leave() // also when the store ends this goroutine, as it forgets
		defer func() {         // also when a step has ended it: the execution is at its end
			last := h.finish()
			d.release(handle.id) // which no step can have changed
			handle.finish(x)
			d.expire(last)
		}()
		defer h.tellStopped()
		x.Drive()
	}()
	return handle
}

// reject is the Handle of an execution that can't go on.
func (d *Durable[T]) reject(exec *chain.ExecutionContext[T], mine *claimed, err error) *Handle[T] {
	d.letGo(exec.ID, mine)
	return refusedHandle(exec, err)
}

// letGo gives up an execution that nothing is to be done for. Those who found it
// taken look for themselves: what came of it is the answer to one question only.
func (d *Durable[T]) letGo(id string, mine *claimed) {
	d.dismiss(id, mine)
	d.census.leave()
}

func orBackground(ctx context.Context) context.Context {
	if ctx == nil { // which is refused later, with a better error
		return context.Background()
	}
	return ctx
}
