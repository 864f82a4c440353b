package chain

import (
	"cmp"
	"slices"
)

// undoneIn tells of an entry of entries whether it is undone: by itself, or with
// a Process or Parallel around it that was undone as one.
func undoneIn(entries []entry) func(entry) bool {
	wholes := map[string]bool{} // the paths of what was undone as one
	for _, e := range entries {
		if e.kind.Composite() && e.undo == KindCompensated {
			wholes[e.path] = true
		}
	}
	return func(e entry) bool {
		undone := e.undo == KindCompensated
		for level := above(e.path); level != "" && !undone && len(wholes) > 0; level = above(level) {
			undone = wholes[level]
		}
		return undone
	}
}

// undoOrder is the indexes of the entries with an ended undo, in order of the
// undoing.
func undoOrder(entries []entry) []int {
	var order []int
	for i, e := range entries {
		if e.undo != 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(entries[a].undoOrder, entries[b].undoOrder) })
	return order
}
