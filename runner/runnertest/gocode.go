package runnertest

import (
	"fmt"
	"go/format"
	"strings"
)

// goCode is a program that rebuilds the plan of a spec with stub functions, runs
// it and prints what happens.
func (s *spec) goCode() string {
	var b strings.Builder
	b.WriteString(goBefore)
	fmt.Fprintf(&b, "const (\n\tsnapshot = %d // resume from a snapshot after so many events; 0: no\n\tresumes  = %d // of what has ended\n)\n\n", s.Snapshot, s.Resumes)
	b.WriteString("var plan = chain.New[state]()")
	goLevel(&b, &s.level, "", 1)
	b.WriteString(".\n\tMustBuild()\n")
	b.WriteString(goAfter)
	code, err := format.Source([]byte(b.String()))
	if err != nil {
		return b.String() // better to be read than not
	}
	return string(code)
}

func goLevel(b *strings.Builder, l *level, at string, depth int) {
	indent := strings.Repeat("\t", depth)
	for i := range l.Steps {
		n := &l.Steps[i]
		path := at + n.Name
		b.WriteString(".\n" + indent)
		switch {
		case n.composite():
			fmt.Fprintf(b, "%s(%q, chain.New[state]()", map[shape]string{process: "Process", parallel: "Parallel"}[n.Shape], n.Name)
			goLevel(b, &n.Inside, path+"/", depth+1)
			b.WriteString(")")
		case n.Async:
			fmt.Fprintf(b, "AsyncStep(%q, async(%s))", n.Name, goWork(&n.work, path))
		default:
			fmt.Fprintf(b, "Step(%q, %s)", n.Name, goWork(&n.work, path))
		}
		b.WriteString(goDecorations(n, path))
	}
	if l.OnFailure != unstated {
		name := l.OnFailure.policy().String()
		fmt.Fprintf(b, ".\n%sOnFailure(policy.%s)", indent, strings.ToUpper(name[:1])+name[1:])
	}
}

func goDecorations(n *node, path string) string {
	var text string
	if n.Retry.Attempts > 0 {
		text += ".Retry(" + goRetry(n.Retry) + ")"
	}
	switch n.When {
	case yes, no:
		text += fmt.Sprintf(".When(func(context.Context, *state) bool { return %t })", n.When == yes)
	case panicsWhen:
		text += ".When(func(context.Context, *state) bool { panic(\"aaargh\") })"
	case fresh:
		text += fmt.Sprintf(".When(fresh(%q))", path)
	}
	if n.Undo == nil {
		return text
	}
	undo := goWork(n.Undo, "undo "+path)
	if n.Async {
		text += ".CompensateAsync(async(" + undo + "))"
	} else {
		text += ".Compensate(" + undo + ")"
	}
	if n.Undo.Retry.Attempts > 0 {
		text += ".RetryCompensation(" + goRetry(n.Undo.Retry) + ")"
	}
	if n.CompensateOnFailure {
		text += ".CompensateOnFailure()"
	}
	return text
}

func goWork(w *work, note string) string {
	args := []string{fmt.Sprintf("%q", note)}
	for _, a := range w.Acts {
		args = append(args, [...]string{"succeed", "boom", "bust", "forGood", "panics", "exits", "cancels", "cancelled"}[a])
	}
	return "does(" + strings.Join(args, ", ") + ")"
}

func goRetry(r retry) string {
	text := fmt.Sprintf("policy.Fixed(%d, 0)", r.Attempts)
	for _, each := range []struct {
		method string
		acts   []act
	}{{"RetryOn", r.RetryOn}, {"GiveUpOn", r.GiveUps}} {
		if len(each.acts) == 0 {
			continue
		}
		var args []string
		for _, a := range each.acts {
			args = append(args, map[act]string{
				boom: "policy.Is(errBoom)", bust: "policy.Is(errBust)", panics: "policy.As[*chain.PanicError]()",
			}[a])
		}
		text += "." + each.method + "(" + strings.Join(args, ", ") + ")"
	}
	return text
}

const goBefore = `package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

`

const goAfter = `
type state struct{ Notes []string }

var (
	errBoom = errors.New("boom")
	errBust = errors.New("bust")
	cancel  context.CancelCauseFunc
	mu      sync.Mutex // branches note in one place here
)

type act func(ctx context.Context) error

func succeed(context.Context) error   { return nil }
func boom(context.Context) error      { return errBoom }
func bust(context.Context) error      { return errBust }
func forGood(context.Context) error   { return policy.Permanent(errors.New("for good")) }
func panics(context.Context) error    { panic("aaargh") }
func exits(context.Context) error     { runtime.Goexit(); return nil }
func cancels(context.Context) error   { cancel(errors.New("cancelled on the way")); return nil }
func cancelled(context.Context) error { err := errors.New("cancelled on the way"); cancel(err); return err }

// does notes each call; the n-th does what the n-th of acts says.
func does(note string, acts ...act) builder.StepFunc[state] {
	return func(ctx context.Context, s *state) error {
		mu.Lock()
		s.Notes = append(s.Notes, note)
		calls := 0
		for _, each := range s.Notes {
			if each == note {
				calls++
			}
		}
		mu.Unlock()
		if calls <= len(acts) {
			return acts[calls-1](ctx)
		}
		return nil
	}
}

func async(do builder.StepFunc[state]) builder.AsyncFunc[state] {
	return func(ctx context.Context, s *state) <-chan error {
		result := make(chan error, 1)
		go func() { result <- do(ctx, s) }()
		return result
	}
}

// fresh holds as long as nothing of the step has been called.
func fresh(path string) func(context.Context, *state) bool {
	return func(_ context.Context, s *state) bool {
		mu.Lock()
		defer mu.Unlock()
		for _, note := range s.Notes {
			if note == path || strings.HasPrefix(note, path+"/") {
				return false
			}
		}
		return true
	}
}

func main() {
	events := 0
	var doc []byte
	r := runner.NewAsync(plan, runner.WithObserver(func(ctx context.Context, _ chain.Event) {
		if events++; events == snapshot {
			exec, _ := chain.FromContext[state](ctx)
			doc, _ = json.Marshal(exec)
		}
	}))
	exec := chain.NewExecutionContext(state{})
	run(r, exec)
	for range resumes {
		run(r, exec)
	}
	if doc != nil {
		fmt.Println("from the snapshot:")
		exec = &chain.ExecutionContext[state]{}
		if err := json.Unmarshal(doc, exec); err != nil {
			panic(err)
		}
		run(r, exec)
	}
}

func run(r runner.Runner[state], exec *chain.ExecutionContext[state]) {
	if exec.Status().Finished() {
		return
	}
	var ctx context.Context
	ctx, cancel = context.WithCancelCause(context.Background())
	_, err := r.Resume(ctx, exec)
	fmt.Printf("%v\n%verror: %v\nnotes: %q\ncompleted: %q\ncompensated: %q\n\n",
		exec.Status(), exec.Trace(), err, exec.Data.Notes, exec.Completed(), exec.Compensated())
}
`
