package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/taskchain-go/taskchain/chain"
)

// A history that has become long is left for a new one. Nothing may be under way
// in activities then, not even a delay that the server waits for: the lanes leave
// together, each before its next step or in a delay of the workflow's. The first to
// come waits for the others, but not for long: their steps may take days, or need
// the very step that waits.
const (
	patience = 10 * time.Second

	// Temporal ends an execution at 51,200 events or 50 MiB. Close to that there
	// is nothing for it but to wait.
	lastEvents = 40_000
	lastBytes  = 40 << 20

	// What is taken along is one message, and 2 MiB is the most.
	largestOrder = 2<<20 - 64<<10

	// A try that came to nothing is repeated after so much more history.
	moreEvents = 1000
	moreBytes  = 1 << 20
)

// errFull stops a run of the workflow whose history has become long.
var errFull = errors.New("the history is full")

// A departure is how lanes leave a history.
type departure struct {
	working int // lanes, without those that wait for their branches
	waiting int // of them: to leave, or for a delay to pass
	leaving bool

	begun  int // the history's length when its first step was begun
	tried  mark
	timer  workflow.Future
	ending func() bool // it is being cancelled, and has not been told why
}

// A mark is how long a history is.
type mark struct{ events, bytes int }

func (h *host) length() mark {
	info := workflow.GetInfo(h.root.ctx)
	return mark{info.GetCurrentHistoryLength(), info.GetCurrentHistorySize()}
}

// leaves tells a lane that is about to begin something whether to leave the
// history instead.
func (h *host) leaves(ctx context.Context, l *lane) bool {
	for !h.leaving && ctx.Err() == nil && h.full() {
		h.gather(ctx, l)
	}
	if h.begun == 0 {
		h.begun = h.length().events
	}
	return h.leaving
}

// gather waits for the other lanes, and leaves with them or gives it up for now.
func (h *host) gather(ctx context.Context, l *lane) {
	h.waiting++
	defer func() { h.waiting-- }()
	if now := h.length(); h.timer == nil && h.waiting < h.working && now.events < lastEvents && now.bytes < lastBytes {
		h.timer = workflow.NewTimer(h.root.ctx, patience)
	}
	l.await(ctx, func() bool { return h.leaving || !h.full() || h.together() || h.late() })
	switch {
	case h.leaving || ctx.Err() != nil || !h.full():
	case h.together() && h.fits():
		h.leaving = true
	default:
		h.tried, h.timer = h.length(), nil
	}
}

func (h *host) together() bool { return h.waiting == h.working && !h.ending() }

func (h *host) late() bool { return h.timer != nil && h.timer.IsReady() }

// full tells whether the execution had better go on with a new history. One that
// has begun nothing yet that could have ended is not.
func (h *host) full() bool {
	now, more := h.length(), moreEvents
	limit := h.in.MaxHistory
	if limit > 0 {
		more = min(more, limit)
	}
	switch tried := h.tried; {
	case h.begun == 0 || now.events == h.begun:
		return false
	case tried.events > 0 && now.events < tried.events+more && now.bytes < tried.bytes+moreBytes:
		return false
	case limit > 0:
		return now.events >= limit
	}
	return workflow.GetInfo(h.root.ctx).GetContinueAsNewSuggested()
}

// fits tells whether what is taken along is one message.
func (h *host) fits() bool {
	next, err := h.next()
	if err != nil {
		return true // goOn will say so
	}
	doc, err := json.Marshal(next)
	return err != nil || len(doc) <= largestOrder
}

// goOn continues as new.
func (h *host) goOn(ctx workflow.Context) error {
	next, err := h.next()
	if err != nil {
		return refused(err)
	}
	return workflow.NewContinueAsNewError(ctx, workflow.GetInfo(ctx).WorkflowType.Name, next)
}

// next is what the execution goes on with: all that is recorded, what is to be
// undone included, the time that it has left, and the data of branches that are
// not merged yet.
func (h *host) next() (*order, error) {
	doc, err := chain.EncodeSnapshot(h.exec.Snapshot())
	if err != nil {
		return nil, err
	}
	next := *h.in
	next.Execution = doc
	next.Continued = &continued{
		Began: h.start, Deadlines: h.deadlines, Cancelled: h.cancelled, Conflicts: h.conflicts,
	}
	branches := map[int]patch{}
	h.root.changes(branches)
	if len(branches) > 0 {
		next.Continued.Branches, err = json.Marshal(branches)
	}
	return &next, err
}

// changes takes down, by the index of each branch inside, what it has changed.
func (l *lane) changes(branches map[int]patch) {
	for _, b := range l.branches {
		if p := diff(*l.data, *b.data); !p.isZero() {
			branches[b.index] = p
		}
		b.changes(branches)
	}
}

// takenAlong reads what next has written of the branches.
func (c *continued) takenAlong() (branches map[int]patch, err error) {
	if c == nil || c.Branches == nil {
		return nil, nil
	}
	if err := json.Unmarshal(c.Branches, &branches); err != nil {
		return nil, fmt.Errorf("branches: %w", err)
	}
	return branches, nil
}
