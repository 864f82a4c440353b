package chaintest

import (
	"errors"
	"fmt"
	"strings"
)

// A fault is a kind of failure at a point.
type fault struct {
	at    point
	kind  *kind
	err   error
	nth   int  // of the site's errors, counted from 1; 0 if there is only one
	named bool // the error is the user's
}

// faults is everything that can go wrong at s.
func (s *site) faults() []fault {
	if s.path == "" {
		return []fault{{kind: cancelFirst}}
	}
	var all []fault
	for _, k := range kinds {
		if !k.fits(s) {
			continue
		}
		if !k.fails {
			all = append(all, fault{at: s.point, kind: k})
			continue
		}
		for i, err := range s.errs {
			f := fault{at: s.point, kind: k, err: inject(err), named: !errors.Is(err, ErrInjected)}
			if len(s.errs) > 1 {
				f.nth = i + 1
			}
			all = append(all, f)
		}
	}
	return all
}

// String is the fault's part of the name of a case.
func (f fault) String() string {
	name := f.kind.name
	if f.nth > 0 {
		name += fmt.Sprintf("#%d", f.nth)
	}
	if f.at.path == "" {
		return name
	}
	return f.at.String() + "/" + name
}

// words describes the fault for people.
func (f fault) words() string {
	text := f.kind.words
	if strings.Contains(text, "%s") {
		because := ""
		if f.named {
			because = fmt.Sprintf(" (%v)", f.err)
		}
		text = fmt.Sprintf(text, because)
	}
	if f.at.path == "" {
		return text
	}
	return f.at.String() + ": " + text
}

// A trial is one case: the faults that happen in one execution, none or more.
type trial []fault

const noFailure = "none"

// String is the name of the case.
func (t trial) String() string {
	if len(t) == 0 {
		return noFailure
	}
	names := make([]string, len(t))
	for i, f := range t {
		names[i] = f.String()
	}
	return strings.Join(names, and)
}

const and = " + "

// words describes the case for people.
func (t trial) words() string {
	if len(t) == 0 {
		return "no failure"
	}
	words := make([]string, len(t))
	for i, f := range t {
		words[i] = f.words()
	}
	return strings.Join(words, "; ")
}

// with is the trial and one more fault.
func (t trial) with(f fault) trial { return append(t[:len(t):len(t)], f) }

// has tells whether something goes wrong at p already.
func (t trial) has(p point) bool {
	for _, f := range t {
		if f.at == p {
			return true
		}
	}
	return false
}

// parse finds the case of that name among what can go wrong at sites.
func parse(name string, sites []site) (trial, bool) {
	if name == noFailure {
		return nil, true
	}
	for i := range sites {
		for _, f := range sites[i].faults() {
			rest, found := strings.CutPrefix(name, f.String())
			if !found {
				continue
			}
			if rest == "" {
				return trial{f}, true
			}
			if rest, found = strings.CutPrefix(rest, and); !found {
				continue
			}
			if t, ok := parse(rest, sites); ok && len(t) > 0 {
				return append(trial{f}, t...), true
			}
		}
	}
	return nil, false
}
