package runner

import (
	"fmt"
	"sync"
)

// claims are the executions that Durable runners of this process are at work on.
// There may be several runners over one store, of several plans or by mistake:
// none of their executions may run twice at once.
var claims sync.Map // of claim to *claimed

type claim struct {
	store Store
	id    string
}

type claimed struct {
	ready  chan struct{} // closed when handle is set
	handle any           // a *Handle[T]
}

// claimOf takes an execution for this runner, unless it is taken: then it
// returns the Handle of the one that has it.
func (d *Durable[T]) claimOf(id string) (mine *claimed, other *Handle[T], err error) {
	mine = &claimed{ready: make(chan struct{})}
	for {
		found, taken := claims.LoadOrStore(claim{d.store, id}, mine)
		if !taken {
			return mine, nil, nil
		}
		theirs := found.(*claimed)
		<-theirs.ready
		switch handle := theirs.handle.(type) {
		case nil: // it was only looked after, and is free again
		case *Handle[T]:
			return nil, handle, nil
		default:
			return nil, nil, fmt.Errorf("runner: execution %s is one of another plan, over other data", id)
		}
	}
}

// set makes the Handle known to those who find the execution taken.
func (c *claimed) set(handle any) {
	c.handle = handle
	close(c.ready)
}

func (d *Durable[T]) release(id string) { claims.Delete(claim{d.store, id}) }

// dismiss releases an execution that was only looked after.
func (d *Durable[T]) dismiss(id string, mine *claimed) {
	d.release(id)
	mine.set(nil)
}
