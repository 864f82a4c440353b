package chain

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Trace is the events of an execution in order. Printed, it is a timeline for
// a terminal.
type Trace []Event

// String is a line an event: the time since the first, the step, what happened.
//
//	   +0s  plan     ▶ started
//	+1.2ms  reserve  ▷ started
func (t Trace) String() string {
	if len(t) == 0 {
		return ""
	}
	width := 4
	for _, e := range t {
		width = max(width, utf8.RuneCountInString(where(e)))
	}
	var out strings.Builder
	for _, e := range t {
		at := "+" + short(e.Time.Sub(t[0].Time))
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(where(e)))
		fmt.Fprintf(&out, "%9s  %s%s  %s\n", at, where(e), pad, e.sentence())
	}
	return out.String()
}

func where(e Event) string {
	if e.Path == "" {
		return "plan"
	}
	return oneLine(e.Path)
}

// sentence is what the event tells, for people.
func (e Event) sentence() string {
	var text strings.Builder
	text.WriteString(kindSigns[e.Kind])
	switch {
	case e.Kind == KindLog:
		text.WriteString(e.Level.String() + " " + oneLine(e.Message))
	case e.Kind == KindPlanEnded:
		text.WriteString(oneLine(e.Message))
	case e.Kind == KindRetrying && e.Phase == Compensation:
		text.WriteString("retrying compensation")
	default:
		text.WriteString(strings.TrimPrefix(strings.ReplaceAll(e.Kind.String(), "_", " "), "plan "))
	}
	if e.Attempt > 1 || e.Kind == KindRetrying {
		fmt.Fprintf(&text, " (attempt %d)", e.Attempt)
	}
	if e.Error != "" {
		text.WriteString(": " + oneLine(e.Error))
	}
	if e.Kind == KindRetrying {
		text.WriteString("; next in " + short(e.Delay))
	}
	return text.String()
}

var kindSigns = map[Kind]string{
	KindPlanStarted:        "▶ ",
	KindPlanEnded:          "■ ",
	KindStarted:            "▷ ",
	KindSucceeded:          "✓ ",
	KindFailed:             "✗ ",
	KindRetrying:           "↻ ",
	KindSkipped:            "○ ",
	KindCompensating:       "◁ ",
	KindCompensated:        "↩ ",
	KindCompensationFailed: "! ",
	KindLog:                "· ",
}

// oneLine is text without what would break a line or move the cursor.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

// short is a duration with three digits, or in whole seconds.
func short(d time.Duration) string {
	for unit := time.Duration(1); unit < time.Second; unit *= 10 {
		if d.Abs() < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(time.Second).String()
}
