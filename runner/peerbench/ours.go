package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/internal/handwritten"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// What this library does. The plan and the runner are made once.

func chainOf(n int, last builder.StepFunc[handwritten.Tally]) builder.Builder[handwritten.Tally] {
	b := chain.New[handwritten.Tally]()
	for _, s := range handwritten.Steps(n, last) {
		b = b.Step(s.Name, s.Do).Compensate(s.Undo).Builder
	}
	return b
}

func by(ctx context.Context, r runner.Runner[handwritten.Tally]) func() (handwritten.Tally, error) {
	return func() (handwritten.Tally, error) {
		out, err := r.Run(ctx, handwritten.Tally{})
		return out.Context.Data, err
	}
}

func inOrder(n int) func() (handwritten.Tally, error) {
	return by(context.Background(), runner.NewSync(chainOf(n, handwritten.Do).MustBuild()))
}

func cancellable(n int) func() (handwritten.Tally, error) {
	ctx, cancel := context.WithCancel(context.Background())
	_ = cancel // never
	return by(ctx, runner.NewSync(chainOf(n, handwritten.Do).MustBuild()))
}

func compensated(n int) func() (handwritten.Tally, error) {
	plan := chainOf(n, handwritten.Fail).OnFailure(policy.Compensate).MustBuild()
	return by(context.Background(), runner.NewSync(plan))
}

func retried() func() (handwritten.Tally, error) {
	plan := chain.New[handwritten.Tally]().
		Step("flaky", handwritten.FailTwice).Retry(policy.Fixed(3, 0)).
		MustBuild()
	return by(context.Background(), runner.NewSync(plan))
}

func inAsync(n int) func() (handwritten.Tally, error) {
	return by(context.Background(), runner.NewAsync(chainOf(n, handwritten.Do).MustBuild()))
}

func parallel() func() (handwritten.Tally, error) {
	plan := chain.New[handwritten.Tally]().
		Parallel("both", chain.New[handwritten.Tally]().
			Step("one", handwritten.Do).
			Step("other", handwritten.Undo)).
		MustBuild()
	return by(context.Background(), runner.NewAsync(plan))
}

func nested() func() (handwritten.Tally, error) {
	outer := chain.New[handwritten.Tally]()
	for i := range 10 {
		outer = outer.Process(fmt.Sprint("process", i), chainOf(10, handwritten.Do)).Builder
	}
	return by(context.Background(), runner.NewSync(outer.MustBuild()))
}

func observed(n int) func() (handwritten.Tally, error) {
	events := 0
	return by(context.Background(), runner.NewSync(chainOf(n, handwritten.Do).MustBuild(),
		runner.WithObserver(func(context.Context, chain.Event) { events++ })))
}

func intercepted(n int) func() (handwritten.Tally, error) {
	return by(context.Background(), runner.NewSync(chainOf(n, handwritten.Do).MustBuild(),
		runner.WithInterceptor(func(ctx context.Context, _ chain.StepInfo, next func(context.Context) error) error {
			return next(ctx)
		})))
}

// finished is an execution of 100 steps, and its data and events as a struct
// for encoding/json.
func finished() (*chain.ExecutionContext[handwritten.Tally], handwritten.Document) {
	out, err := runner.NewSync(chainOf(100, handwritten.Do).MustBuild()).Run(context.Background(), handwritten.Tally{})
	must(err)
	document := handwritten.Document{Data: out.Context.Data}
	trace, err := json.Marshal(out.Context.Trace())
	must(err)
	must(json.Unmarshal(trace, &document.Trace))
	return out.Context, document
}

const bareJSON = "encoding/json, data and events as structs"

func marshals(of targets) []contender {
	exec, document := finished()
	return []contender{
		{name: bareJSON, run: writes(func() ([]byte, error) { return json.Marshal(document) })},
		{name: "codec.Marshal", run: writes(func() ([]byte, error) { return codec.Marshal(exec) }), targets: of},
	}
}

func unmarshals(of targets) []contender {
	exec, document := finished()
	bare, err := json.Marshal(document)
	must(err)
	doc, err := codec.Marshal(exec)
	must(err)
	return []contender{
		{name: bareJSON, run: func() (handwritten.Tally, error) {
			var document handwritten.Document
			err := json.Unmarshal(bare, &document)
			return document.Data, err
		}},
		{name: "codec.Unmarshal", targets: of, run: func() (handwritten.Tally, error) {
			exec, err := codec.Unmarshal[handwritten.Tally](doc)
			if err != nil {
				return handwritten.Tally{}, err
			}
			return exec.Data, nil
		}},
	}
}

func writes(marshal func() ([]byte, error)) func() (handwritten.Tally, error) {
	return func() (handwritten.Tally, error) {
		_, err := marshal()
		return handwritten.Tally{}, err
	}
}

// must is for what can't fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
