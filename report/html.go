package report

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/taskchain-go/taskchain/chain"
)

//go:embed page.html overview.html style.css
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"style":     func() template.CSS { return style },
	"printable": printable,
	"plural":    plural,
	"short":     short,
	"clock":     clock,
	"add":       func(a, b int) int { return a + b },
}).ParseFS(files, "*.html"))

// style is ours and not the user's.
var style = func() template.CSS {
	text, err := files.ReadFile("style.css")
	if err != nil {
		panic(err) // it is embedded
	}
	return template.CSS(text)
}()

// page is what the template of a report shows.
type page struct {
	Summary
	Title, Headline string
	Graph           drawing
	Timelines       []timeline
	Failed          []failed
	Data            comparison
	Metadata        []fact
	Hidden          bool
	Trace           []entry
	Facts           []fact
	Steps           int
}

// A failed is a failure with all its attempts.
type failed struct {
	What, Path, When string
	Attempts         []attempt
	Stack            string
}

type attempt struct {
	Number int
	Error  string
	Delay  string // before the next
}

// An entry is an event of the trace.
type entry struct{ At, Where, What, State, Error string }

// WriteHTML writes the report as one HTML page in UTF-8. The error is w's, or
// says that there is nothing to show.
func (r *Report) WriteHTML(w io.Writer) error {
	switch {
	case r.fault != nil:
		return r.fault
	case r.steps == nil:
		return errors.New("report: the zero Report has nothing to show: make one with New")
	}
	title := r.summary.Plan
	if title == "" {
		title = "plan"
	}
	p := page{
		Summary:   r.summary,
		Title:     printable(title),
		Headline:  headlines[r.summary.Status],
		Graph:     draw(r.steps, r.marks),
		Timelines: timelines(r.trace, r.steps),
		Failed:    r.failed(),
		Data:      r.data,
		Metadata:  factsOf(r.metadata),
		Hidden:    r.hidden,
		Trace:     entries(r.trace),
		Steps:     len(r.steps) - 1,
	}
	p.Facts = r.facts()
	return write(w, "page.html", p)
}

// write makes the page first, so that there is all of it or nothing.
func write(w io.Writer, name string, data any) error {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := b.WriteTo(w)
	return err
}

// headlines say what a status means to whom it concerns.
var headlines = map[chain.Status]string{
	chain.Pending:      "It has not begun.",
	chain.Running:      "Its steps are running.",
	chain.Compensating: "What was completed is being undone.",
	chain.Succeeded:    "Every step completed or was skipped.",
	chain.Aborted:      "A step failed and stopped the plan. Nothing else was undone; Resume carries on.",
	chain.Partial:      "Steps failed, and the plan went on past them to its end.",
	chain.Compensated:  "A step failed, and what had completed was undone.",
	chain.Stuck:        "A compensation failed: a person must look.",
}

func (r *Report) facts() []fact {
	s := r.summary
	facts := []fact{{"execution", printable(s.ID)}}
	say := func(applies bool, name, value string) {
		if applies {
			facts = append(facts, fact{name, value})
		}
	}
	say(!s.Begun.IsZero(), "begun", clock(s.Begun))
	say(!s.Begun.IsZero(), "took", short(s.Duration))
	say(s.Runs > 1, "runs", fmt.Sprint(s.Runs))
	say(true, "steps", fmt.Sprint(len(r.steps)-1))
	say(s.Retries > 0, "retries", fmt.Sprint(s.Retries))
	say(true, "on failure", r.steps[0].Failure.String())
	say(r.steps[0].Within > 0, "within", r.steps[0].Within.String())
	return facts
}

// failed collects what is known of each failure, the attempts before it
// included. Those of compensations come first: they are what a person must look
// at.
func (r *Report) failed() []failed {
	var all []failed
	runs := runsOf(r.trace)
	for i, run := range runs {
		failures := failuresIn(run, r.steps)
		slices.SortStableFunc(failures, func(a, b chain.Event) int { return int(b.Phase) - int(a.Phase) })
		for _, e := range failures {
			f := failed{What: "step", Path: printable(e.Path)}
			if e.Phase == chain.Compensation {
				f.What = "compensation of"
			}
			f.When = "after " + short(e.Time.Sub(run[0].Time))
			if len(runs) > 1 {
				f.When += fmt.Sprintf(" of run %d", i+1)
			}
			for _, before := range run {
				if before.Kind == chain.KindRetrying && before.Path == e.Path && before.Phase == e.Phase {
					f.Attempts = append(f.Attempts, attempt{before.Attempt, before.Error, short(before.Delay)})
				}
			}
			f.Attempts = append(f.Attempts, attempt{Number: e.Attempt, Error: e.Error})
			if i == len(runs)-1 {
				f.Stack = r.stacks[place{e.Path, e.Phase}]
			}
			all = append(all, f)
		}
	}
	return all
}

// entries are the events of a trace as rows of a table.
func entries(trace chain.Trace) []entry {
	all := make([]entry, len(trace))
	for i, e := range trace {
		all[i] = entry{
			At:    "+" + short(e.Time.Sub(trace[0].Time)),
			Where: printable(e.Path),
			What:  strings.ReplaceAll(e.Kind.String(), "_", " "),
			State: slug(e.Kind.String()),
			Error: e.Error,
		}
		switch {
		case e.Kind == chain.KindLog:
			all[i].What = e.Level.String() + " " + printable(e.Message)
		case e.Message != "":
			all[i].What += ": " + printable(e.Message)
		}
		if e.Phase == chain.Compensation && e.Kind == chain.KindRetrying {
			all[i].What += " the compensation"
		}
		if e.Attempt > 1 || e.Kind == chain.KindRetrying {
			all[i].What += fmt.Sprintf(", attempt %d", e.Attempt)
		}
		if e.Kind == chain.KindRetrying {
			all[i].What += ", next in " + short(e.Delay)
		}
	}
	return all
}
