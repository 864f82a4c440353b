package temporal

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"
)

// A workflow task is answered by one message, and the server takes no more than
// 4 MB: with the data of many branches that begin at once it would refuse the
// answer again and again. So those that are too many take turns.
const largestAnswer = 2 << 20

// An answering is what is being said to a workflow task.
type answering struct {
	task   int // the history's length then
	bytes  int // the data in it
	passes workflow.Future
}

// turn waits until so many bytes may be said, or until ctx ends: then it is false.
func (h *host) turn(ctx context.Context, l *lane, bytes int) bool {
	for !h.says(bytes) {
		if h.passes == nil {
			h.passes = workflow.NewTimer(h.root.ctx, time.Millisecond)
		}
		task := h.answering.task
		if !l.await(ctx, func() bool { return h.length().events != task }) {
			return false
		}
	}
	return true
}

func (h *host) says(bytes int) bool {
	if now := h.length().events; now != h.answering.task {
		h.answering = answering{task: now}
	}
	if h.bytes > 0 && h.bytes+bytes > largestAnswer {
		return false
	}
	h.bytes += bytes
	return true
}
