package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// A timeline is one run to scale: a row a step, a bar an attempt or a wait.
type timeline struct {
	Title string
	Ticks []tick
	Rows  []*row
}

type tick struct {
	At   float64 // percent
	Text string
}

type row struct {
	Path  string
	Name  string
	Depth int
	Bars  []bar
}

// A bar is from Left as wide as Width, in percent.
type bar struct {
	Left, Width float64
	Class       string
	Title       string
	Text        string // in the bar, where there is place
	from, to    time.Time
}

// timelines draws each run to its own scale: between runs there may be days.
func timelines(trace chain.Trace, steps []builder.Step) []timeline {
	runs := runsOf(trace)
	all := make([]timeline, 0, len(runs))
	for i, run := range runs {
		first, last := run[0].Time, run[len(run)-1].Time
		title := fmt.Sprintf("%s, %s", clock(first), short(last.Sub(first)))
		if len(runs) > 1 {
			title = fmt.Sprintf("Run %d of %d: %s", i+1, len(runs), title)
		}
		if i > 0 {
			before := runs[i-1]
			title += fmt.Sprintf(", after a pause of %s", short(first.Sub(before[len(before)-1].Time)))
		}
		all = append(all, timeline{Title: title, Ticks: ticks(last.Sub(first)), Rows: rowsOf(run, steps)})
	}
	return all
}

// rowsOf makes the rows of a run in order of the plan, what is inside a Process
// or Parallel below it. What the plan does not have comes last.
func rowsOf(run chain.Trace, steps []builder.Step) []*row {
	b := bars{byPath: map[string]*row{}, open: map[place]*bar{}, end: run[len(run)-1].Time}
	for _, e := range run {
		if e.Path != "" {
			b.add(e)
		}
	}
	for at, open := range b.open { // the run broke off
		open.to, open.Title = b.end, open.Title+", not ended"
		b.byPath[at.path].Bars = append(b.byPath[at.path].Bars, *open)
	}
	span := b.end.Sub(run[0].Time)
	for _, r := range b.rows {
		slices.SortStableFunc(r.Bars, func(a, b bar) int { return cmp.Or(cmp.Compare(class(a), class(b)), a.from.Compare(b.from)) })
		for i := range r.Bars {
			r.Bars[i].scale(run[0].Time, span)
		}
	}
	order := make(map[string]int, len(steps))
	for _, s := range steps {
		order[s.Path] = s.Index - len(steps)
	}
	slices.SortStableFunc(b.rows, func(a, c *row) int { return cmp.Compare(order[a.Path], order[c.Path]) })
	return nested(b.rows)
}

// class sorts the frame of a Process behind what is drawn upon it.
func class(b bar) int {
	if strings.HasPrefix(b.Class, "frame") {
		return 0
	}
	return 1
}

// nested puts rows below the one they are in.
func nested(rows []*row) []*row {
	inside := map[string][]*row{}
	known := map[string]bool{}
	for _, r := range rows {
		known[r.Path] = true
	}
	for _, r := range rows {
		outer := above(r.Path)
		for outer != "" && !known[outer] { // a run that went on compensating does not enter it
			outer = above(outer)
		}
		inside[outer] = append(inside[outer], r)
	}
	var all []*row
	var add func(string, int)
	add = func(outer string, depth int) {
		for _, r := range inside[outer] {
			r.Depth, r.Name = depth, printable(strings.TrimPrefix(strings.TrimPrefix(r.Path, outer), "/"))
			all = append(all, r)
			add(r.Path, depth+1)
		}
	}
	add("", 0)
	return all
}

func (b *bar) scale(begin time.Time, span time.Duration) {
	if span <= 0 {
		b.Width = 100
		return
	}
	percent := func(d time.Duration) float64 { return float64(d) / float64(span) * 100 }
	b.Left, b.Width = percent(b.from.Sub(begin)), percent(b.to.Sub(b.from))
	if b.Width < 6 {
		b.Text = ""
	}
}

// bars collects what a run's events make.
type bars struct {
	rows   []*row
	byPath map[string]*row
	open   map[place]*bar
	end    time.Time
}

func (b *bars) add(e chain.Event) {
	at := place{e.Path, e.Phase}
	switch e.Kind {
	case chain.KindStarted, chain.KindCompensating:
		b.close(at, e, "")
		b.begin(at, e)
	case chain.KindRetrying:
		b.close(at, e, "failed")
		b.open[at] = &bar{from: e.Time, Class: "wait", Title: fmt.Sprintf("waits %s for attempt %d", short(e.Delay), e.Attempt+1)}
	case chain.KindSucceeded, chain.KindCompensated:
		b.close(at, e, "ok")
	case chain.KindFailed, chain.KindCompensationFailed:
		b.row(e.Path)
		if b.open[at] == nil { // it could not begin
			b.open[at] = &bar{from: e.Time, Class: "attempt", Title: "did not begin"}
		}
		b.close(at, e, "failed")
	case chain.KindSkipped:
		b.row(e.Path).Bars = append(b.row(e.Path).Bars, bar{from: e.Time, to: e.Time, Class: "skipped", Title: "skipped"})
	case chain.KindLog:
		b.row(e.Path).Bars = append(b.row(e.Path).Bars, bar{from: e.Time, to: e.Time, Class: "log", Title: e.Level.String() + " " + printable(e.Message)})
	}
}

func (b *bars) begin(at place, e chain.Event) {
	b.row(at.path)
	open := &bar{from: e.Time, Class: "attempt", Title: fmt.Sprintf("attempt %d", e.Attempt)}
	switch {
	case e.Kind == chain.KindCompensating:
		open.Class, open.Title = "undo", "compensation, "+open.Title
	case e.Attempt == 0:
		open.Class, open.Title = "frame", "from its first step to its last"
	}
	b.open[at] = open
}

// close ends what is under way: an attempt with what it came to, or a wait.
func (b *bars) close(at place, e chain.Event, end string) {
	open := b.open[at]
	if open == nil {
		return
	}
	delete(b.open, at)
	open.to = e.Time
	took := short(open.to.Sub(open.from))
	switch {
	case open.Class == "wait":
		open.Title += ", waited " + took
	case end == "failed":
		open.Title += ", failed after " + took
		if e.Error != "" {
			open.Title += ": " + printable(e.Error)
		}
	default:
		open.Title += ", took " + took
	}
	if open.Class != "wait" && end != "" {
		open.Class += " " + end
	}
	if open.Class != "frame ok" && open.Class != "frame failed" {
		open.Text = took
	}
	b.byPath[at.path].Bars = append(b.byPath[at.path].Bars, *open)
}

func (b *bars) row(path string) *row {
	r := b.byPath[path]
	if r == nil {
		r = &row{Path: path}
		b.byPath[path] = r
		b.rows = append(b.rows, r)
	}
	return r
}

// ticks are round times, up to seven of them.
func ticks(span time.Duration) []tick {
	if span <= 0 {
		return nil
	}
	step := roundStep((span + 5) / 6)
	var all []tick
	for at := time.Duration(0); at <= span; at += step {
		all = append(all, tick{float64(at) / float64(span) * 100, plain(at)})
	}
	return all
}

// roundStep is the least round time that is not below d.
func roundStep(d time.Duration) time.Duration {
	for scale := time.Duration(1); scale < time.Minute; scale *= 10 {
		for _, factor := range []time.Duration{1, 2, 5} {
			if step := factor * scale; step >= d && step <= 20*time.Second {
				return step
			}
		}
	}
	for _, step := range []time.Duration{30, 60, 120, 300, 600, 1200, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600} {
		if step*time.Second >= d {
			return step * time.Second
		}
	}
	step := 24 * time.Hour
	for step < d {
		step *= 2
	}
	return step
}

// plain is a round time without the zeros of "1m0s".
func plain(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
