package report

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/taskchain-go/taskchain/chain"
)

// An Entry is an execution in an overview.
type Entry struct {
	Summary
	Link string // to its report, such as "o-1.html"; empty: there is none
}

// WriteOverview writes one HTML page in UTF-8 over many executions: how they
// ended, which of them need a person, and which steps failures come from. Each
// entry links to its report. The error is w's.
func WriteOverview(w io.Writer, title string, entries []Entry) error {
	o := overview{Title: printable(title), Count: len(entries), Counts: countsOf(entries), Sources: sourcesOf(entries)}
	sorted := slices.SortedStableFunc(slices.Values(entries), func(a, b Entry) int {
		return cmp.Or(cmp.Compare(rank(a.Status), rank(b.Status)), a.Begun.Compare(b.Begun))
	})
	for _, e := range sorted {
		o.add(e)
	}
	return write(w, "overview.html", o)
}

// overview is what its template shows.
type overview struct {
	Title       string
	Count       int
	Counts      []statusCount
	Sources     []source
	Stuck       []listed
	Executions  []listed
	First, Last time.Time
}

// statusCount is how many executions have a status.
type statusCount struct {
	Status  chain.Status
	N       int
	Percent float64
}

// A listed is an execution in a table.
type listed struct {
	Entry
	Why string
}

// A source is a step that failures come from.
type source struct {
	What, Path string
	N          int
	Percent    float64 // of the most that one has
	Errors     []reason
}

type reason struct {
	Text string
	N    int
}

// rank is how urgent a status is.
func rank(s chain.Status) int {
	return slices.Index([]chain.Status{
		chain.Stuck, chain.Aborted, chain.Compensating, chain.Running, chain.Pending, chain.Partial, chain.Compensated, chain.Succeeded,
	}, s)
}

func (o *overview) add(e Entry) {
	l := listed{Entry: e}
	for _, f := range e.Failures { // the one that a person must look at, or the first
		if l.Why == "" || f.Phase == chain.Compensation {
			l.Why = f.what() + " " + printable(f.Path) + ": " + f.Error
		}
		if f.Phase == chain.Compensation {
			break
		}
	}
	o.Executions = append(o.Executions, l)
	if e.Status == chain.Stuck {
		o.Stuck = append(o.Stuck, l)
	}
	if e.Begun.IsZero() {
		return
	}
	if o.First.IsZero() || e.Begun.Before(o.First) {
		o.First = e.Begun
	}
	if e.Begun.After(o.Last) {
		o.Last = e.Begun
	}
}

func (f Failure) what() string {
	if f.Phase == chain.Compensation {
		return "compensation of"
	}
	return "step"
}

func countsOf(entries []Entry) []statusCount {
	n := map[chain.Status]int{}
	for _, e := range entries {
		n[e.Status]++
	}
	var counts []statusCount
	for _, s := range slices.SortedFunc(maps.Keys(n), func(a, b chain.Status) int { return rank(b) - rank(a) }) {
		counts = append(counts, statusCount{s, n[s], float64(n[s]) / float64(len(entries)) * 100})
	}
	return counts
}

// mostReasons is how many different errors of one step are told.
const mostReasons = 5

// sourcesOf counts failures by step and, within that, by the error's text.
func sourcesOf(entries []Entry) []source {
	texts := map[place]map[string]int{}
	for _, e := range entries {
		for _, f := range e.Failures {
			at := place{f.Path, f.Phase}
			if texts[at] == nil {
				texts[at] = map[string]int{}
			}
			texts[at][f.Error]++
		}
	}
	var sources []source
	for at, errs := range texts {
		s := source{What: Failure{Phase: at.phase}.what(), Path: printable(at.path)}
		for text, n := range errs {
			s.N += n
			s.Errors = append(s.Errors, reason{text, n})
		}
		slices.SortFunc(s.Errors, func(a, b reason) int { return cmp.Or(b.N-a.N, cmp.Compare(a.Text, b.Text)) })
		if rest := len(s.Errors) - mostReasons; rest > 0 {
			s.Errors = append(s.Errors[:mostReasons], reason{"and " + plural(rest, "other text"), 0})
		}
		sources = append(sources, s)
	}
	slices.SortFunc(sources, func(a, b source) int {
		return cmp.Or(b.N-a.N, cmp.Compare(a.Path, b.Path), cmp.Compare(a.What, b.What))
	})
	for i := range sources {
		sources[i].Percent = float64(sources[i].N) / float64(sources[0].N) * 100
	}
	return sources
}
