package taskchain_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

var errNoCourier = errors.New("no courier")

func fails(context.Context, *Order) error { return errNoCourier }
func waits(ctx context.Context, _ *Order) error {
	<-ctx.Done()
	return ctx.Err()
}

// troubles make each error of docs/troubleshooting.md happen. The keys are its
// headings; an ellipsis stands for what differs.
var troubles = map[string]func(t *testing.T) error{
	`builder: plan "…": step "…": nil func (….go:…)`: func(*testing.T) error {
		var missing func(context.Context, *Order) error
		_, err := chain.New[Order]().Named("checkout").Step("charge", missing).Build()
		return err
	},
	`builder: plan "…": step "…": the step's name contains "/" (….go:…)`: func(*testing.T) error {
		_, err := chain.New[Order]().Named("checkout").Step("a/b", ship).Build()
		return err
	},
	`builder: plan "…": step "…": the same name twice among siblings (….go:…)`: func(*testing.T) error {
		_, err := chain.New[Order]().Named("checkout").Step("ship", ship).Step("ship", ship).Build()
		return err
	},
	`builder: plan "…": no steps (….go:…)`: func(*testing.T) error {
		_, err := chain.New[Order]().Named("checkout").Build()
		return err
	},
	`builder: plan "…": step "…": Retry: attempts must be at least 1, got … (….go:…)`: func(*testing.T) error {
		_, err := chain.New[Order]().Named("checkout").Step("ship", ship).Retry(policy.Fixed(0, time.Second)).Build()
		return err
	},
	`runner: plan "…": step "…": asynchronous work on a synchronous runner`: func(t *testing.T) error {
		start := func(context.Context, *Order) <-chan error { return nil }
		plan := chain.New[Order]().Named("checkout").AsyncStep("ship", start).MustBuild()
		_, err := runner.NewSync(plan).Run(t.Context(), Order{})
		return err
	},
	`runner: the data is a nil …`: func(t *testing.T) error {
		plan := chain.New[*Order]().Step("ship", func(context.Context, **Order) error { return nil }).MustBuild()
		_, err := runner.NewSync(plan).Run(t.Context(), nil)
		return err
	},
	`runner: shut down`: func(t *testing.T) error {
		r := runner.NewAsync(chain.New[Order]().Step("ship", ship).MustBuild())
		require.NoError(t, r.Shutdown(t.Context()))
		_, err := r.Run(t.Context(), Order{})
		return err
	},
	`runner: … executions still run: …`: func(t *testing.T) error {
		r := runner.NewAsync(chain.New[Order]().Step("ship", waits).MustBuild())
		h := r.Start(t.Context(), Order{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := r.Shutdown(ctx)
		h.Cancel(nil)
		<-h.Done()
		return err
	},
	`chain: execution … is already running`: func(t *testing.T) error {
		exec := chain.NewExecutionContext(Order{})
		var r *runner.Sync[Order]
		var again error
		r = runner.NewSync(chain.New[Order]().Step("ship", func(ctx context.Context, _ *Order) error {
			_, again = r.Resume(ctx, exec)
			return nil
		}).MustBuild())
		_, err := r.Resume(t.Context(), exec)
		require.NoError(t, err)
		return again
	},
	`chain: execution … has …: the execution is finished`: func(t *testing.T) error {
		r := runner.NewSync(chain.New[Order]().Step("ship", ship).MustBuild())
		out, err := r.Run(t.Context(), Order{})
		require.NoError(t, err)
		_, err = r.Resume(t.Context(), out.Context)
		return err
	},
	`chain: execution …: the plan has changed: step "…" was recorded and is not in the plan`: func(t *testing.T) error {
		out, _ := runner.NewSync(chain.New[Order]().Step("pack", ship).Step("ship", fails).MustBuild()).Run(t.Context(), Order{})
		_, err := runner.NewSync(chain.New[Order]().Step("wrap", ship).MustBuild()).Resume(t.Context(), out.Context)
		return err
	},
	`taskchain: plan "…": execution … stuck: …; compensation of step "…" failed: …`: func(t *testing.T) error {
		_, err := runner.NewSync(chain.New[Order]().Named("checkout").
			Step("pack", ship).Compensate(fails).
			Step("ship", fails).OnFailure(policy.Compensate).MustBuild()).Run(t.Context(), Order{})
		return err
	},
	`taskchain: plan "…": execution … aborted: step "…" failed after … attempts: …`: func(t *testing.T) error {
		_, err := runner.NewSync(chain.New[Order]().Named("checkout").
			Step("ship", fails).Retry(policy.Fixed(3, 0)).MustBuild()).Run(t.Context(), Order{})
		return err
	},
	`step "…" failed: timeout: the attempt took longer than …: …`: func(t *testing.T) error {
		return firstFailure(t, chain.New[Order]().Step("ship", func(ctx context.Context, _ *Order) error {
			<-ctx.Done()
			return errNoCourier
		}).Timeout(time.Minute).MustBuild)
	},
	`step "…" failed: timeout: the plan took longer than … (last error: …)`: func(t *testing.T) error {
		return firstFailure(t, chain.New[Order]().Step("ship", waits).Within(time.Minute).MustBuild)
	},
	`step "…" did not begin: …`: func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		out, _ := runner.NewSync(chain.New[Order]().Step("ship", ship).MustBuild()).Run(ctx, Order{})
		return out.Failures[0]
	},
	`step "…" failed: … (last error: …)`: func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		out, _ := runner.NewSync(chain.New[Order]().Step("ship", func(context.Context, *Order) error {
			cancel()
			return errNoCourier
		}).MustBuild()).Run(ctx, Order{})
		return out.Failures[0]
	},
	`step "…" failed: panic: …`: func(t *testing.T) error {
		return firstFailure(t, chain.New[Order]().Step("ship", func(context.Context, *Order) error { panic("oh no") }).MustBuild)
	},
	`step "…" failed: panic: the step called runtime.Goexit`: func(t *testing.T) error {
		out, _ := runner.NewAsync(chain.New[Order]().Step("ship", func(context.Context, *Order) error {
			goexit()
			return nil
		}).MustBuild()).Run(t.Context(), Order{})
		return out.Failures[0]
	},
	`step "…" failed: the async function returned a nil channel`: func(t *testing.T) error {
		start := func(context.Context, *Order) <-chan error { return nil }
		out, _ := runner.NewAsync(chain.New[Order]().AsyncStep("ship", start).MustBuild()).Run(t.Context(), Order{})
		return out.Failures[0]
	},
	`taskchain: decode: …`: func(*testing.T) error {
		_, err := codec.Unmarshal[Order]([]byte(`{"version": 1, "status": "done"}`))
		return err
	},
	`taskchain: decode: version: unknown version …, known are 1 to …`: func(*testing.T) error {
		_, err := codec.Unmarshal[Order]([]byte(`{"version": 99, "id": "o-1", "status": "succeeded", "data": {}}`))
		return err
	},
	`taskchain: encode: data: …`: func(*testing.T) error {
		_, err := codec.Marshal(chain.NewExecutionContext(make(chan int)))
		return err
	},
	`an observer was dropped: panic: …`: func(t *testing.T) error {
		out, err := runner.NewSync(chain.New[Order]().Step("ship", ship).MustBuild(),
			runner.WithObserver(func(context.Context, chain.Event) { panic("oh no") })).Run(t.Context(), Order{})
		require.NoError(t, err, "the execution does not depend on it")
		for _, e := range out.Context.Trace() {
			if e.Kind == chain.KindLog {
				return errors.New(e.Message)
			}
		}
		return nil
	},
	`runner: WithConcurrency: must be at least 1, got …`: func(t *testing.T) error {
		_, err := runner.NewSync(chain.New[Order]().Step("ship", ship).MustBuild(), runner.WithConcurrency(0)).Run(t.Context(), Order{})
		return err
	},
	`journal: the folder is in use: …`: func(t *testing.T) error {
		folder := t.TempDir()
		store, err := journal.Open(folder)
		require.NoError(t, err)
		defer store.Close()
		_, err = journal.Open(folder)
		return err
	},
	`runner: execution …: record …: journal: a write has failed: …`: func(t *testing.T) error {
		folder := filepath.Join(t.TempDir(), "journal")
		store, err := journal.Open(folder, journal.WithSegmentSize(4<<10))
		require.NoError(t, err)
		require.NoError(t, os.RemoveAll(folder)) // there is no room for a further file
		_, err = runner.NewDurable(chain.New[Order]().Step("ship", ship).MustBuild(), store).
			Start(t.Context(), Order{ID: strings.Repeat("o", 10<<10)}).Wait(t.Context())
		require.ErrorIs(t, err, journal.ErrFailed)
		require.ErrorIs(t, store.Close(), journal.ErrFailed)
		return err
	},
	`runner: execution …: record …: journal: it was closed`: func(t *testing.T) error {
		store, err := journal.Open(t.TempDir(), journal.WithSegmentSize(4<<10))
		require.NoError(t, err)
		_, err = runner.NewDurable(chain.New[Order]().Step("ship", func(context.Context, *Order) error { return store.Close() }).MustBuild(), store).
			Run(t.Context(), Order{})
		require.ErrorIs(t, err, journal.ErrClosed)
		return err
	},
	`runner: execution … is one of plan "…"`: func(t *testing.T) error {
		store, plan := storetest.NewMemory(), chain.New[Order]().Step("ship", ship)
		_, err := runner.NewDurable(plan.Named("checkout").MustBuild(), store).Start(t.Context(), Order{}, chain.WithID("4711")).Wait(t.Context())
		require.NoError(t, err)
		_, err = runner.NewDurable(plan.Named("returns").MustBuild(), store).Start(t.Context(), Order{}, chain.WithID("4711")).Wait(t.Context())
		return err
	},
	`runner: execution … (…) is left as it is: …`: func(t *testing.T) error {
		store, tried := storetest.NewMemory(), make(chan struct{})
		old := runner.NewDurable(chain.New[Order]().Named("checkout").Step("ship", fails).Retry(policy.Fixed(2, time.Hour)).MustBuild(), store,
			runner.WithObserver(func(_ context.Context, e chain.Event) {
				if e.Kind == chain.KindRetrying {
					close(tried)
				}
			}))
		old.Start(t.Context(), Order{})
		<-tried
		require.NoError(t, old.Shutdown(t.Context()))
		_, err := runner.NewDurable(chain.New[Order]().Named("checkout").Step("send", ship).MustBuild(), store).Recover(t.Context())
		return err
	},
	`runner: unknown execution: …`: func(t *testing.T) error {
		_, err := runner.NewDurable(chain.New[Order]().Step("ship", ship).MustBuild(), storetest.NewMemory()).Get(t.Context(), "o-1")
		return err
	},
	`runner: the zero runner has no plan: …`: func(t *testing.T) error {
		_, err := new(runner.Sync[Order]).Run(t.Context(), Order{})
		return err
	},
}

// The list of errors tells of errors there are, in the words they have.
func TestTheTroublesAreReal(t *testing.T) {
	doc, err := os.ReadFile("docs/troubleshooting.md")
	require.NoError(t, err)
	var listed []string
	for _, heading := range regexp.MustCompile("(?m)^### `(.*)`$").FindAllStringSubmatch(string(doc), -1) {
		listed = append(listed, heading[1])
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(troubles)), listed)
	for text, happen := range troubles {
		t.Run(text, func(t *testing.T) {
			err := happen(t)
			require.Error(t, err)
			pattern := strings.ReplaceAll(regexp.QuoteMeta(text), "…", ".+")
			require.Regexp(t, "^"+pattern+"$", err.Error())
		})
	}
}

func goexit() { runtime.Goexit() }

// firstFailure runs a plan where time passes at once.
func firstFailure(t *testing.T, plan func() *builder.Plan[Order]) (failure error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		out, _ := runner.NewSync(plan()).Run(t.Context(), Order{})
		require.NotEmpty(t, out.Failures)
		failure = out.Failures[0]
	})
	return failure
}
