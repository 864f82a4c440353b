package main

import (
	"fmt"
	"strings"
)

// The exit statuses.
const (
	allWell   = 0
	mustLook  = 1 // a person must
	untrusted = 2
)

// verdict tells whether all went well, as exit status and in words.
func (r report) verdict() (status int, words string) {
	t := r.tally
	var wrong []string
	add := func(applies bool, as int, format string, args ...any) {
		if applies {
			status = max(status, as)
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	add(len(t.badLines) > 0, mustLook, "%s malformed", count(len(t.badLines), "line"))
	add(len(t.stuck) > 0, mustLook, "%s stuck", count(len(t.stuck), "order"))
	add(r.interrupted, mustLook, "interrupted")
	add(r.unread != nil, untrusted, "reading ended early: %v", r.unread)
	add(t.lost > 0, untrusted, "%s not written", count(t.lost, "execution"))
	add(len(t.odd) > 0, untrusted, "%s ended oddly", count(len(t.odd), "order"))
	add(!r.audit.OK(), untrusted, "the books leak")
	if wrong == nil {
		return allWell, "all well"
	}
	return status, "not all well: " + strings.Join(wrong, "; ")
}
