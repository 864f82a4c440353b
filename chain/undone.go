package chain

import "strings"

// undoneIn tells of an entry of entries whether it is undone: by itself, or with
// a Process or Parallel around it that was undone as one.
func undoneIn(entries []entry) func(entry) bool {
	wholes := wholesOf(entries)
	return func(e entry) bool { return e.undo == KindCompensated || wholes.cover(e) }
}

// wholes are the paths of what was undone as one.
type wholes map[string]bool

func wholesOf(entries []entry) wholes {
	w := wholes{}
	for _, e := range entries {
		if e.kind.Composite() && e.undo == KindCompensated {
			w[e.path] = true
		}
	}
	return w
}

// cover tells whether e is inside one of them.
func (w wholes) cover(e entry) bool {
	for i := strings.LastIndexByte(e.path, '/'); i > 0 && len(w) > 0; i = strings.LastIndexByte(e.path[:i], '/') {
		if w[e.path[:i]] {
			return true
		}
	}
	return false
}
