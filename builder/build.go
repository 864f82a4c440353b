package builder

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/taskchain-go/taskchain/policy"
)

// Build checks everything that was said and returns the plan, or all faults at
// once, joined in the order in which they were said, each an [*InvalidError].
// It may be called any number of times, and each plan stands on its own.
func (b Builder[T]) Build() (*Plan[T], error) { return b.build(callSite()) }

// MustBuild is Build for plans that are package variables: it panics with the
// error that Build returns.
func (b Builder[T]) MustBuild() *Plan[T] {
	plan, err := b.build(callSite())
	if err != nil {
		panic(err)
	}
	return plan
}

func (b Builder[T]) build(where position) (*Plan[T], error) {
	c := compiler[T]{}
	c.add(Step{Kind: KindProcess}, Funcs[T]{})
	b.compile(&c, 0, where)
	if len(c.faults) > 0 {
		for _, f := range c.faults {
			f.(*InvalidError).Plan = c.name // known only now: Named may come last
		}
		return nil, errors.Join(c.faults...)
	}
	return &Plan[T]{name: c.name, steps: c.steps, funcs: c.funcs, fingerprint: fingerprint(c.steps)}, nil
}

// A compiler lays the tree of fragments out as one slice, each step before the
// steps inside it, and collects the faults on the way.
type compiler[T any] struct {
	name   string
	steps  []Step
	funcs  []Funcs[T]
	faults []error // each an *InvalidError
}

// add appends a step and returns its index.
func (c *compiler[T]) add(s Step, f Funcs[T]) int {
	s.Index = len(c.steps)
	s.Next = s.Index + 1
	c.steps, c.funcs = append(c.steps, s), append(c.funcs, f)
	return s.Index
}

// fault reports what is wrong with the plan, Process or step at index.
func (c *compiler[T]) fault(index int, where position, reason string) {
	path := c.steps[index].Path
	if path == "" && index != 0 && reason != emptyName { // else it would read as a fault of the plan
		reason = "unnamed step: " + reason
	}
	file, line := where.source()
	c.faults = append(c.faults, &InvalidError{Path: path, File: file, Line: line, Reason: reason})
}

// compile replays the Builder's links behind the step at index level, which was
// said at where.
func (b Builder[T]) compile(c *compiler[T], level int, where position) {
	d := draft[T]{compiler: c, level: level, names: map[string]bool{}}
	links := b.links()
	empty := !slices.ContainsFunc(links, func(l *link[T]) bool { return l.word == saidStep })
	if empty && level != 0 { // said at the Process, before what is inside
		c.fault(level, where, "no steps")
	}
	for i, l := range links {
		d.hear(l, links[i+1:])
		l.apply(&d)
	}
	if empty && level == 0 { // said at Build
		c.fault(level, where, "no steps")
	}
	c.steps[level].Next = len(c.steps)
}

// A draft is the state of one Builder's replay.
type draft[T any] struct {
	*compiler[T]
	level int             // the Index of the plan, Process or Parallel that it fills
	step  int             // the Index of the latest step, 0 before the first
	names map[string]bool // of the steps so far
	where position        // of the link at hand
	said  word            // of the level, and of the latest step
	ahead word            // all that is said of the latest step, even later
}

// hear takes note of a link before it is applied.
func (d *draft[T]) hear(l *link[T], later []*link[T]) {
	d.where = l.where
	if l.word == saidStep {
		d.said &= settings
		d.ahead = 0
		for _, l := range later {
			if l.word == saidStep {
				break
			}
			d.ahead |= l.word
		}
		return
	}
	about := d.level
	if l.word&decorations != 0 && d.step != 0 {
		about = d.step
	}
	switch method := methods[l.word]; {
	case l.word&decorations != 0 && d.step == 0:
		d.fault(about, d.where, method+" without a step")
	case d.said&l.word != 0:
		d.fault(about, d.where, method+" said twice")
	}
	d.said |= l.word
}

// begin adds a step to the level and returns its index.
func (d *draft[T]) begin(name string, kind Kind, f Funcs[T]) int {
	level := d.steps[d.level]
	path := name
	if d.level != 0 {
		path = level.Path + "/" + name
	}
	d.step = d.add(Step{Path: path, Name: name, Kind: kind, Parent: d.level, Depth: level.Depth + 1}, f)
	if reason := nameFault(name); reason != "" {
		d.fault(d.step, d.where, "the step's name "+reason)
	} else if d.names[name] {
		d.fault(d.step, d.where, "the same name twice among siblings")
	}
	d.names[name] = true
	return d.step
}

// check reports a fault of the latest step.
func (d *draft[T]) check(bad bool, reason string) {
	if bad {
		d.fault(d.step, d.where, reason)
	}
}

// checkLevel reports a fault of the plan or of the Process that is being filled.
func (d *draft[T]) checkLevel(bad bool, reason string) {
	if bad {
		d.fault(d.level, d.where, reason)
	}
}

func (d *draft[T]) checkCompensation(method string) {
	d.check(d.ahead&saidCompensate == 0, method+" without Compensate")
}

func (d *draft[T]) checkRetry(method string, r policy.Retry) {
	err := r.Validate()
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) { // a fault a line
		d.check(true, method+": "+strings.TrimPrefix(strings.TrimSpace(line), "retry: "))
	}
}

func notPositive(method string, d time.Duration) string {
	return method + " must be positive, got " + d.String()
}

const emptyName = "the step's name is empty"

// nameFault says why a name can't be part of a path, or nothing.
func nameFault(name string) string {
	switch {
	case name == "":
		return "is empty"
	case strings.Contains(name, "/"):
		return `contains "/"`
	case !utf8.ValidString(name): // would not survive JSON, and a path must
		return "is not valid UTF-8"
	}
	return ""
}
