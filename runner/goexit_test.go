package runner_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

// aside runs a plan in a goroutine that may be ended in it, and finds its execution.
func aside(t *testing.T, k kind, b func() (failing bool), opts ...runner.Option) (r runner.Runner[*world], exec *chain.ExecutionContext[*world]) {
	t.Helper()
	r = k.make(steps().Step("a", func(ctx context.Context, _ **world) error {
		exec, _ = chain.FromContext[*world](ctx)
		if b() {
			return errBoom
		}
		return nil
	}).MustBuild(), opts...)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = r.Run(t.Context(), &world{})
	}()
	<-ended
	return r, exec
}

// goesAt ends the goroutine at the first event of a kind.
func goesAt(kind chain.Kind) runner.Option {
	gone := false
	return runner.WithObserver(func(_ context.Context, e chain.Event) {
		if e.Kind == kind && !gone {
			gone = true
			runtime.Goexit()
		}
	})
}

func TestAnObserverThatEndsTheGoroutineAtTheEnd(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		failing := true
		r, exec := aside(t, k, func() bool { return failing }, goesAt(chain.KindPlanEnded))
		require.Equal(t, chain.Aborted, exec.Status())
		failing = false
		if k.name != "durable" { // whose own Retry it is to go on with it
			_, err := r.Resume(t.Context(), exec)
			require.NoError(t, err)
		}
	})
}

// A success that somebody was told of is written down.
func TestAnEndIsWrittenDownWhateverAnObserverDoes(t *testing.T) {
	store := storetest.NewMemory()
	d := runner.NewDurable(steps().Step("a", do("a")).MustBuild(), store, goesAt(chain.KindPlanEnded))
	out, err := d.Run(t.Context(), &world{})
	require.NoError(t, err)
	for head, err := range store.List(t.Context(), runner.Query{}) {
		require.NoError(t, err)
		require.Equal(t, out.Status, head.Status)
	}
}

func TestAnErrorTextThatEndsTheGoroutine(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		asked := 0
		_, exec := aside(t, k, func() bool { return true },
			runner.WithObserver(func(context.Context, chain.Event) {}),
			runner.WithErrorText(func(error) string {
				if asked++; asked == 1 {
					runtime.Goexit()
				}
				return "as told"
			}))
		require.Equal(t, chain.Aborted, exec.Status())
		require.Contains(t, exec.Trace().String(), "as told")
	})
}
