package temporal

import (
	"time"

	"go.temporal.io/sdk/worker"
)

// Recommended is o with values that fit plans where o says nothing: a worker that
// is told to stop lets its steps finish for up to 30 seconds; after the death of
// one the next step of its executions begins elsewhere within a second, instead
// of after five; and a cancellation reaches a step within two seconds, instead of
// most of the Heartbeat.
func Recommended(o worker.Options) worker.Options {
	if o.WorkerStopTimeout == 0 {
		o.WorkerStopTimeout = 30 * time.Second
	}
	if o.StickyScheduleToStartTimeout == 0 {
		o.StickyScheduleToStartTimeout = time.Second
	}
	if o.MaxHeartbeatThrottleInterval == 0 {
		o.MaxHeartbeatThrottleInterval = 2 * time.Second
	}
	return o
}
