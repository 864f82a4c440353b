package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/taskchain-go/taskchain/chain"
)

// A span is how long one step of one order took, retries and the waits between them included.
type span struct {
	order, step string
	attempts    int
	took        time.Duration
}

// slowest is the slowest spans, the slowest first.
type slowest []span

const maxSlowest = 5

// add takes in the steps of one execution.
func (s *slowest) add(order string, trace chain.Trace) {
	*s = append(*s, spans(order, trace)...)
	slices.SortFunc(*s, func(a, b span) int { return cmp.Compare(b.took, a.took) })
	*s = slices.Clip((*s)[:min(len(*s), maxSlowest)])
}

// spans reads off a trace how long each step took, from its first attempt to its end.
func spans(order string, trace chain.Trace) []span {
	var all []span
	began := map[string]time.Time{}
	for _, e := range trace {
		switch e.Kind {
		case chain.KindStarted, chain.KindCompensating:
			if e.Attempt == 1 {
				began[label(e)] = e.Time
			}
		case chain.KindSucceeded, chain.KindFailed, chain.KindCompensated, chain.KindCompensationFailed:
			if start, ok := began[label(e)]; ok {
				all = append(all, span{order, label(e), e.Attempt, e.Time.Sub(start)})
			}
		}
	}
	return all
}
