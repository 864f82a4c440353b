package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// A Report is an execution at one moment, to be shown to people.
type Report struct {
	summary  Summary
	steps    []builder.Step // the plan itself first
	marks    map[string]builder.Mark
	trace    chain.Trace
	stacks   map[place]string // of the panics that are at hand
	data     comparison
	metadata map[string]any
	hidden   bool // the data and the metadata
	fault    error
}

// A place is a step or its compensation.
type place struct {
	path  string
	phase chain.Phase
}

// An Option is an option of New: Before or WithoutData.
type Option struct {
	before any
	hide   bool
}

// Before gives the data that the execution began with, to be shown beside what
// it is now: an execution knows only the latter. It must be as it was, which is
// not so of a pointer that the steps have followed.
func Before(data any) Option { return Option{before: data} }

// WithoutData leaves the data and the metadata out.
func WithoutData() Option { return Option{hide: true} }

// New makes a report of an execution of plan as it stands. It reads Data, so it
// is for observers and the time after the end. A plan of another structure than
// the execution's is drawn as it is, with what fits by path. A nil plan or
// execution is the error of WriteHTML.
func New[T any](plan *builder.Plan[T], exec *chain.ExecutionContext[T], opts ...Option) *Report {
	switch {
	case plan == nil:
		return &Report{fault: errors.New("report: the plan is nil")}
	case exec == nil:
		return &Report{fault: errors.New("report: the execution is nil")}
	}
	r := &Report{
		steps:    append([]builder.Step{plan.Root()}, slices.Collect(plan.Steps())...),
		marks:    exec.Marks(),
		trace:    exec.Trace(),
		stacks:   map[place]string{},
		metadata: exec.Metadata(),
	}
	var before any
	for _, opt := range opts {
		if opt.before != nil {
			before = opt.before
		}
		r.hidden = r.hidden || opt.hide
	}
	if !r.hidden {
		r.data = compare(before, &exec.Data)
	}
	if exec.Status().Ended() {
		out, _ := exec.Outcome() // its error is what the outcome has
		for _, failure := range slices.Concat(out.Failures, out.CompensationFailures) {
			if stack := stackOf(failure); stack != "" {
				r.stacks[place{failure.Path, failure.Phase}] = stack
			}
		}
	}
	r.summary = summarize(plan.Name(), exec.ID, exec.Status(), r)
	return r
}

// stackOf finds the stack of a panic. The methods of the error are the user's
// and may panic.
func stackOf(err error) (stack string) {
	defer func() {
		if recover() != nil {
			stack = ""
		}
	}()
	var panicked *chain.PanicError
	if errors.As(err, &panicked) {
		return string(panicked.Stack)
	}
	return ""
}

// A Summary is an execution in one line of an overview.
type Summary struct {
	Plan     string // the plan's name, may be empty
	ID       string
	Status   chain.Status
	Begun    time.Time     // zero: it has not
	Duration time.Duration // of all its runs, the pauses between them left out
	Runs     int
	Retries  int
	Failures []Failure
}

// A Failure is a step or compensation that failed for good, in some run.
type Failure struct {
	Path  string
	Phase chain.Phase
	Error string
	Run   int // counted from 1
}

// Summary is the execution in one line of an overview.
func (r *Report) Summary() Summary {
	s := r.summary
	s.Failures = slices.Clone(s.Failures)
	return s
}

func summarize(plan, id string, status chain.Status, r *Report) Summary {
	s := Summary{Plan: plan, ID: id, Status: status}
	for i, run := range runsOf(r.trace) {
		if i == 0 {
			s.Begun = run[0].Time
		}
		s.Runs++
		s.Duration += run[len(run)-1].Time.Sub(run[0].Time)
		for _, e := range run {
			if e.Kind == chain.KindRetrying {
				s.Retries++
			}
		}
		for _, f := range failuresIn(run, r.steps) {
			s.Failures = append(s.Failures, Failure{f.Path, f.Phase, f.Error, i + 1})
		}
	}
	return s
}

// runsOf cuts a trace into the runs that an execution took: each begins with the
// plan's own event. What was logged before the first is part of that.
func runsOf(trace chain.Trace) []chain.Trace {
	var (
		runs  []chain.Trace
		begun bool
	)
	for i, from := 0, 0; i < len(trace); i++ {
		if trace[i].Kind == chain.KindPlanStarted && begun {
			runs = append(runs, trace[from:i])
			from = i
		}
		begun = begun || trace[i].Kind == chain.KindPlanStarted
		if i == len(trace)-1 {
			runs = append(runs, trace[from:])
		}
	}
	return runs
}

// failuresIn is the failures of one run. A Process or Parallel that failed by
// what is inside it is not among them.
func failuresIn(run chain.Trace, steps []builder.Step) []chain.Event {
	composite := map[string]bool{}
	for _, s := range steps {
		composite[s.Path] = s.Kind.Composite()
	}
	inside := map[string]bool{} // what failed because of a step inside
	var failed []chain.Event
	for _, e := range run {
		switch {
		case e.Kind == chain.KindCompensationFailed, e.Kind == chain.KindFailed && !(composite[e.Path] && inside[e.Path]):
			failed = append(failed, e)
		}
		if e.Kind == chain.KindFailed {
			for path := above(e.Path); path != ""; path = above(path) {
				inside[path] = true
			}
		}
	}
	return failed
}

// jsonOf is a value as indented JSON, or why it is none. A method of the user's
// may panic.
func jsonOf(v any) (text string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("its JSON can't be made: panic: %v", p)
		}
	}()
	doc, err := json.MarshalIndent(v, "", "  ")
	return string(doc), err
}
