package temporal

import (
	"time"

	"go.temporal.io/sdk/worker"
)

// Recommended is o with values that fit plans where o says nothing: a worker that
// is told to stop lets its steps finish for up to 30 seconds; and after the death
// of one the next step of its executions begins elsewhere within a second, instead
// of after five.
func Recommended(o worker.Options) worker.Options {
	if o.WorkerStopTimeout == 0 {
		o.WorkerStopTimeout = 30 * time.Second
	}
	if o.StickyScheduleToStartTimeout == 0 {
		o.StickyScheduleToStartTimeout = time.Second
	}
	return o
}
