package chaintest

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// A process executes a plan until its end, or until it dies. It is the engine's
// host.
type process[T any] struct {
	engine.Local // branches in order; its clock is not used

	script *script
	plan   *builder.Plan[T]
	exec   *chain.ExecutionContext[T]
	rebind func(lost, restored *T)
	begun  time.Duration // by the script's clock
	safe   []byte        // the execution as it was written down last
	audit  bool          // look at each commit what the data loses in JSON
	unfit  string        // what it loses
}

var (
	_ engine.Host      = (*process[int])(nil)
	_ engine.Committer = (*process[int])(nil)
)

// run drives the execution. The error says why it could not begin.
func (p *process[T]) run(interceptors []engine.Interceptor) (chain.Outcome[T], error) {
	if p.plan == nil {
		return chain.Outcome[T]{}, errNilPlan
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	p.script.begin(cancel)
	program := engine.Compile(p.plan, engine.Options{Interceptors: interceptors})
	p.begun = p.script.clock
	x, err := engine.Begin(ctx, program, p.exec, p, p.script.start.Add(p.begun))
	if err != nil {
		return chain.Outcome[T]{}, err
	}
	x.Drive()
	out, _ := engine.Outcome(x, p.exec)
	return out, nil
}

// Now is the time that the waits would have taken.
func (p *process[T]) Now() time.Duration { return p.script.clock - p.begun }

// Sleep takes no time.
func (p *process[T]) Sleep(ctx context.Context, d time.Duration) error {
	p.script.clock += d
	return context.Cause(ctx)
}

// Commit writes the execution down, where it will be needed.
func (p *process[T]) Commit() error {
	if p.script.dead {
		return errDied
	}
	if p.audit && p.unfit == "" {
		p.unfit = p.loses()
	}
	if !p.script.mortal() {
		return nil
	}
	doc, err := codec.Marshal(p.exec)
	if err != nil {
		p.script.complain("the execution can't be written down: %v", err)
		return err
	}
	p.safe = doc
	return nil
}

// Attempt runs the plan's function, or what the case makes of it.
func (p *process[T]) Attempt(ctx context.Context, s *builder.Step, phase chain.Phase) error {
	at := point{s.Path, phase}
	f := p.plan.Funcs(s.Index)
	do, start := f.Do, f.Start
	if phase == chain.Compensation {
		do, start = f.Undo, f.StartUndo
	}
	if start != nil {
		do = await(start)
	}
	return p.script.attempt(ctx, at, work{
		do: func(ctx context.Context) error {
			p.script.acted[at] = true
			defer p.script.watchPanic(at)
			err := do(ctx, &p.exec.Data)
			p.script.refused[at] = err
			return err
		},
		keep: p.keep,
	})
}

// Condition asks the step's When, unless the process is dead: then no attempt
// follows.
func (p *process[T]) Condition(ctx context.Context, s *builder.Step) bool {
	return !p.script.dead && p.plan.Funcs(s.Index).When(ctx, &p.exec.Data)
}

// await makes a step of asynchronous work.
func await[T any](start builder.AsyncFunc[T]) builder.StepFunc[T] {
	return func(ctx context.Context, data *T) error {
		result := start(ctx, data)
		if result == nil {
			return errors.New("the async function returned a nil channel")
		}
		return <-result
	}
}

// keep keeps the data as it is: by way of JSON, as a process that resumes has
// it, or if it gets lost there, by assignment.
func (p *process[T]) keep() (restore func()) {
	kept := p.exec.Data
	var stored T
	doc, err := json.Marshal(&kept)
	if err == nil {
		err = json.Unmarshal(doc, &stored)
	}
	if err == nil && p.differs(&stored) == "" {
		kept = stored
	}
	return func() { p.exec.Data = kept }
}

// reborn is the execution as the next process finds it.
func (p *process[T]) reborn() (*chain.ExecutionContext[T], error) {
	exec, err := codec.Unmarshal[T](p.safe)
	if err == nil && p.rebind != nil {
		p.rebind(&p.exec.Data, &exec.Data)
	}
	return exec, err
}

// loses says what of the data gets lost in JSON.
func (p *process[T]) loses() string {
	doc, err := codec.Marshal(p.exec)
	if err != nil {
		return err.Error()
	}
	exec, err := codec.Unmarshal[T](doc)
	if err != nil {
		return err.Error()
	}
	return p.differs(&exec.Data)
}

func (p *process[T]) differs(restored *T) string {
	if p.rebind != nil {
		p.rebind(&p.exec.Data, restored)
	}
	return difference(&p.exec.Data, restored)
}

// watchPanic is deferred around the plan's functions. It lets a panic pass.
func (s *script) watchPanic(at point) {
	v := recover()
	if v == nil {
		return
	}
	if !isInjected(v) {
		s.complain("%s panicked%s: %v", at, panicSite(), v)
	}
	panic(v)
}

// panicSite is where the panic that is being handled came from.
func panicSite() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	panicking := false
	for {
		frame, more := frames.Next()
		inRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicking && !inRuntime {
			return " at " + filepath.Base(frame.File) + ":" + strconv.Itoa(frame.Line)
		}
		panicking = panicking || inRuntime
		if !more {
			return ""
		}
	}
}
