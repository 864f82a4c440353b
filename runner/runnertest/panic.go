package runnertest

import (
	"context"
	"runtime"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

func panicking(what string) step {
	return func(_ context.Context, s *State) error { put(s, what); panic("aaargh") }
}

func exiting(what string) step {
	return func(_ context.Context, s *State) error { put(s, what); runtime.Goexit(); return nil }
}

var panicCases = []ruleCase{{
	rule: 4,
	name: "APanicIsAFailure",
	why:  "a bug in one step must not leave the others' effects behind",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Step("b", panicking("b")).
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "b", "undo a"}, r.done())
		k.status(chain.Compensated, r.Status)
		k.ErrorContains(r.err, "aaargh")
		if k.has&Remote == 0 {
			var panicked *chain.PanicError
			k.ErrorAs(r.err, &panicked)
			k.Equal("aaargh", panicked.Value)
			k.Contains(string(panicked.Stack), "runnertest", "the stack shows where")
		}
	},
}, {
	rule: 4,
	name: "APanicIsRetriedOnlyByName",
	why:  "a bug does not go away by trying again",
	run: func(k *kit) {
		r := k.run(steps().Step("a", panicking("a")).Retry(policy.Fixed(3, 0)).Builder)
		k.Equal([]string{"a"}, r.done())
		isPanic := policy.As[*chain.PanicError]()
		r = k.run(steps().Step("a", panicking("a")).Retry(policy.Fixed(3, 0).RetryOn(isPanic)).Builder)
		k.Equal([]string{"a", "a", "a"}, r.done())
	},
}, {
	rule: 4,
	name: "APanicOfAnyFunctionOfTheUsers",
	why:  "conditions and matches are the user's functions as well",
	run: func(k *kit) {
		panics := func() bool { panic("aaargh") }
		for name, b := range map[string]builder.Builder[State]{
			"When of a step":     steps().Step("b", does("b")).When(func(context.Context, *State) bool { return panics() }).Builder,
			"When of a Process":  steps().Process("q", steps().Step("b", does("b"))).When(func(context.Context, *State) bool { return panics() }).Builder,
			"Match of a retry":   steps().Step("b", fails("b", errBoom)).Retry(policy.Fixed(3, 0).RetryOn(func(error) bool { return panics() })).Builder,
			"Error of the error": steps().Step("b", fails("b", unspeakable{})).Builder,
		} {
			r := k.run(steps().
				Step("a", does("a")).Compensate(does("undo a")).
				Process("p", b).
				OnFailure(policy.Compensate))
			k.status(chain.Compensated, r.Status, name)
			k.Contains(r.done(), "undo a", name)
			k.Len(r.Failures, 1, name)
			k.NotEmpty(r.err.Error(), name)
		}
	},
}, {
	rule: 4,
	name: "AGoexitIsAFailure",
	why:  "a step that calls a test's FailNow must not hang the runner, nor have the completed steps forgotten",
	run: func(k *kit) {
		runner := k.newRunner(steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Process("p", steps().
				Step("b", does("b")).Compensate(exiting("undo b")).
				Step("c", exiting("c")).Retry(policy.Fixed(3, 0))).
			Step("d", does("d")).
			OnFailure(policy.Compensate).MustBuild())
		var (
			exec     *chain.ExecutionContext[State]
			err      error
			returned bool
			ended    = make(chan struct{})
		)
		if k.has&Resumes != 0 {
			exec = chain.NewExecutionContext(caseState())
		}
		go func() {
			defer close(ended)
			if exec != nil {
				_, err = runner.Resume(background(), exec)
			} else {
				var out chain.Outcome[State]
				out, err = runner.Run(background(), caseState())
				exec = out.Context
			}
			returned = true
		}()
		<-ended
		k.Equal(k.has&Returns != 0, returned, "it returns if and only if the goroutine was its own")
		if returned {
			k.is(err, chain.ErrGoexit)
		}
		if exec != nil {
			k.status(chain.Stuck, exec.Status())
			k.Equal([]string{"a", "b", "c", "undo b", "undo a"}, exec.Data.notes(""))
		}
	},
}}

// unspeakable is an error that can't say what it is.
type unspeakable struct{}

func (unspeakable) Error() string { panic("no words") }
