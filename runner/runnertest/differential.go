package runnertest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// differ runs a spec on a runner and on the model, and says where they differ.
func differ(newRunner New, has Trait, s *spec) error {
	d := &difference{spec: s, has: has}
	if has&Together != 0 && has&RealTime == 0 {
		d.stage.slot = time.Second
	}
	plan, err := s.plan(&d.stage)
	if err != nil {
		return fmt.Errorf("the plan does not build: %w", err)
	}
	d.plan = plan
	d.start = func() { d.runner = newRunner(plan, runner.WithObserver(d.watch.observe)) }
	d.start()
	return d.all()
}

// A difference is one comparison.
type difference struct {
	spec   *spec
	has    Trait
	stage  stage
	plan   *builder.Plan[State]
	start  func() // makes the runner, as a new process does
	runner runner.Runner[State]
	watch  watch
}

// all runs the spec, resumes the end that came of it, and resumes a snapshot that
// was taken on the way, as after the death of the process.
func (d *difference) all() error {
	m := d.model(memory{notes: map[string][]string{}})
	d.watch = watch{snapshot: d.spec.Snapshot, closed: d.has&Together != 0, plan: d.plan}
	exec, err := d.run("run", nil, m)
	if err != nil || d.has&Resumes == 0 || exec == nil {
		return err
	}
	doc := d.watch.doc
	d.watch.snapshot = 0
	if err := d.resumes("resume", exec, &m.memory); err != nil || doc == nil {
		return err
	}
	d.start()
	return d.fromSnapshot(doc)
}

func (d *difference) model(begin memory) *model {
	return &model{memory: begin, plan: &d.spec.level, together: d.has&Together != 0, caller: &scope{}}
}

func (d *difference) fromSnapshot(doc []byte) error {
	exec := &chain.ExecutionContext[State]{}
	if err := json.Unmarshal(doc, exec); err != nil {
		return fmt.Errorf("rule 11: the snapshot can't be read back: %w", err)
	}
	m := d.model(memory{notes: map[string][]string{}})
	m.snapshot = len(exec.Trace())
	what := fmt.Sprintf("snapshot after %d events", m.snapshot)
	m.run()
	if m.taken == nil {
		return fmt.Errorf("%s: rule 12: the whole trace should have %d", what, len(m.trace))
	}
	if err := d.compare(what, exec, m.taken); err != nil {
		return err
	}
	return d.resumes(what+", resumed", exec, m.taken)
}

// resumes goes on with an execution that was interrupted until it has ended, and
// with one that has ended as often as the spec says.
func (d *difference) resumes(what string, exec *chain.ExecutionContext[State], from *memory) error {
	for i := 0; !from.status.Finished(); i++ {
		if from.status.Ended() && i >= d.spec.Resumes {
			return nil
		}
		begin := from.clone()
		begin.undoing = 0
		begin.resume(&d.spec.level)
		m := d.model(begin)
		if _, err := d.run(fmt.Sprintf("%s (%d)", what, i+1), exec, m); err != nil {
			return err
		}
		from = &m.memory
	}
	return d.refused(what, exec)
}

// refused checks that nothing happens to an execution that is finished.
func (d *difference) refused(what string, exec *chain.ExecutionContext[State]) error {
	events := len(exec.Trace())
	_, err := d.runner.Resume(context.Background(), exec)
	switch {
	case !is(d.has, err, chain.ErrFinished):
		return fmt.Errorf("%s: rule 11: Resume of a finished execution returned %v", what, err)
	case len(exec.Trace()) != events:
		return fmt.Errorf("%s: rule 11: Resume of a finished execution told of more", what)
	}
	return nil
}

// run drives an execution, or a new one for nil, on the runner and on the model.
func (d *difference) run(what string, exec *chain.ExecutionContext[State], m *model) (*chain.ExecutionContext[State], error) {
	before := 0
	if exec != nil {
		before = len(exec.Trace())
	}
	m.run()
	out, err, returned := d.drive(&exec)
	switch {
	case d.watch.err != nil:
		return nil, fmt.Errorf("%s: the snapshot can't be written: %w", what, d.watch.err)
	case exec == nil && !returned:
		return nil, nil // ended with the goroutine, and nobody to ask
	case exec == nil:
		return nil, fmt.Errorf("%s: Run returned no execution, and the error %w", what, err)
	}
	if err := d.compare(what, exec, &m.memory); err != nil {
		return nil, err
	}
	if returned {
		if err := d.compareOutcome(what, out, err, &m.memory); err != nil {
			return nil, err
		}
	}
	return exec, d.compareSeen(what, exec.Trace()[before:])
}

// drive runs or resumes. A step that ends the goroutine ends one of its own here.
func (d *difference) drive(exec **chain.ExecutionContext[State]) (out chain.Outcome[State], err error, returned bool) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	d.stage.cancel, d.stage.begin, d.watch.seen = cancel, time.Now(), nil
	ends := d.spec.has(exits)
	if ends && *exec == nil && d.has&Resumes != 0 {
		*exec = chain.NewExecutionContext(d.spec.state()) // to be looked at even if nothing is returned
	}
	run := func() {
		if *exec != nil {
			out, err = d.runner.Resume(ctx, *exec)
		} else {
			out, err = d.runner.Run(ctx, d.spec.state())
			*exec = out.Context
		}
		returned = true
	}
	if !ends {
		run()
		return out, err, returned
	}
	ended := make(chan struct{})
	go func() { defer close(ended); run() }()
	<-ended
	return out, err, returned
}

// A watch is an observer that notes what it sees and takes one snapshot.
type watch struct {
	snapshot int  // after that many events, or as soon as it may; 0: none
	closed   bool // not while branches are at work in the state
	plan     *builder.Plan[State]

	mu   sync.Mutex
	seen []chain.Event
	doc  []byte
	err  error
}

func (w *watch) observe(ctx context.Context, e chain.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, e)
	if w.snapshot == 0 || len(w.seen) < w.snapshot || w.doc != nil || w.closed && w.inParallel() {
		return
	}
	if exec, ok := chain.FromContext[State](ctx); ok {
		w.doc, w.err = json.Marshal(exec)
	}
}

// inParallel tells whether a Parallel has begun and not ended.
func (w *watch) inParallel() bool {
	open := map[string]bool{}
	for _, e := range w.seen {
		switch e.Kind {
		case chain.KindStarted:
			open[e.Path] = true
		case chain.KindSucceeded, chain.KindFailed:
			delete(open, e.Path)
		}
	}
	for s := range w.plan.Steps() {
		if s.Kind == builder.KindParallel && open[s.Path] {
			return true
		}
	}
	return false
}
