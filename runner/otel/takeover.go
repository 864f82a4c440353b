package otel

import (
	"context"
	"slices"

	"github.com/taskchain-go/taskchain/chain"
)

// takeOver carries on a run whose begin was told in another process, up to the event
// now: its span begins when the run did, in the trace of the one there, and so does
// what is under way in it. The one there never ends: whoever sees the end of an
// execution tells of it. It is false behind the end, and where no begin is recorded.
func (r *run) takeOver(ctx context.Context, now chain.Event) bool {
	if r.exec.Status().Ended() && now.Kind != chain.KindPlanEnded {
		return false // a late log
	}
	past := r.exec.Trace()
	if i := slices.Index(past, now); i >= 0 { // it may be behind already
		past = past[:i]
	}
	for i, begin := range slices.Backward(past) {
		if begin.Kind != chain.KindPlanStarted {
			continue
		}
		r.begin(under(ctx, r.exec), begin)
		for _, e := range r.underWay(past[i:]) {
			r.at(place{e.Path, e.Phase}, e.Time, e.Attempt == 0)
		}
		return true
	}
	return false
}

// underWay is the events by which what has not ended began, in order. On the way
// it sees what has failed.
func (r *run) underWay(past []chain.Event) (begun []chain.Event) {
	for _, e := range past {
		same := func(other chain.Event) bool { return other.Path == e.Path && other.Phase == e.Phase }
		switch e.Kind {
		case chain.KindStarted, chain.KindCompensating:
			begun = append(begun, e) // of several attempts, the first counts
		case chain.KindSucceeded, chain.KindCompensated:
			begun = slices.DeleteFunc(begun, same)
		case chain.KindFailed, chain.KindCompensationFailed:
			begun = slices.DeleteFunc(begun, same)
			r.blame(place{e.Path, e.Phase}, e)
		}
	}
	return begun
}
