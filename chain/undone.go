package chain

import "strings"

// undoneIn tells of an entry of entries whether it is undone: by itself, or with
// a Process or Parallel around it that was undone as one.
func undoneIn(entries []entry) func(entry) bool {
	wholes := map[string]bool{}
	for _, e := range entries {
		if e.kind.Composite() && e.undo == KindCompensated {
			wholes[e.path] = true
		}
	}
	return func(e entry) bool {
		if e.undo == KindCompensated {
			return true
		}
		for i := strings.LastIndexByte(e.path, '/'); i > 0 && len(wholes) > 0; i = strings.LastIndexByte(e.path[:i], '/') {
			if wholes[e.path[:i]] {
				return true
			}
		}
		return false
	}
}
