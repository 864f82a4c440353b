package builder

import (
	"fmt"
	"path/filepath"
	"strings"
)

// An InvalidError is one fault of a plan, as [Builder.Build] reports it. Build
// joins all faults; errors.As finds the first, and the joined error's Unwrap
// lists them all.
type InvalidError struct {
	Plan string // the plan's name, may be empty

	// Path is the step at fault, empty for the plan itself. That of a step
	// without a name ends where the name would stand: "fulfil/" in a Process,
	// empty in the plan, where Reason says that it is of a step.
	Path string

	File   string // of the call at fault, each link of a chain being a call; empty if unknown
	Line   int
	Reason string // in a few words, one line
}

// Error says where and why: `builder: plan "checkout": step "charge": nil func (order.go:42)`.
func (e *InvalidError) Error() string {
	var text strings.Builder
	text.WriteString("builder: plan")
	if e.Plan != "" {
		fmt.Fprintf(&text, " %q", e.Plan)
	}
	if e.Path != "" {
		fmt.Fprintf(&text, ": step %q", e.Path)
	}
	text.WriteString(": " + e.Reason)
	if e.File != "" {
		fmt.Fprintf(&text, " (%s:%d)", filepath.Base(e.File), e.Line)
	}
	return text.String()
}
