package chaintest

import "github.com/taskchain-go/taskchain/chain"

// A point is a step or a compensation: where something can go wrong. The zero
// point is the begin of the execution.
type point struct {
	path  string
	phase chain.Phase
}

// String is what users call it: "charge", or "undo charge".
func (p point) String() string {
	if p.phase == chain.Compensation {
		return "undo " + p.path
	}
	return p.path
}
