package runner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

// counting is a Store that counts what is written, and dies with its process: no
// Append after the first few is done.
type counting struct {
	*storetest.Memory
	mu      sync.Mutex
	appends int
	bytes   int
	left    int // 0: no end
}

// die has nothing written any more.
func (s *counting) die() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = -1
}

var errDied = errors.New("the process died")

func (s *counting) Append(ctx context.Context, r runner.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left > 0 {
		if s.left--; s.left == 0 {
			s.left = -1
		}
	}
	if s.left < 0 {
		return errDied
	}
	s.appends++
	s.bytes += len(r.Body)
	return s.Memory.Append(ctx, r)
}

// books is data as users have it.
type books struct{ Done []string }

type saga = builder.Plan[books]

// at notes that the step ran, and fails if it is given an error.
func at(name string, err ...error) builder.StepFunc[books] {
	return func(_ context.Context, w *books) error {
		w.Done = append(w.Done, name)
		return errors.Join(err...)
	}
}

func sagas() builder.Builder[books] { return chain.New[books]() }

// money is a plan that reserves, charges and ships.
func money(ship error) *saga {
	return sagas().Named("money").
		Step("reserve", at("reserve")).Compensate(at("release")).
		Step("charge", at("charge")).Compensate(at("refund")).CompensateOnFailure().
		Step("ship", at("ship", ship)).Compensate(at("recall")).
		OnFailure(policy.Compensate).MustBuild()
}

func TestDurableRecordsEachStepOnce(t *testing.T) {
	for _, n := range []int{1, 10, 100} {
		b := sagas()
		for i := range n {
			b = b.Step(fmt.Sprintf("step %d", i), at("x")).Builder
		}
		store := &counting{Memory: storetest.NewMemory()}
		_, err := runner.NewDurable(b.MustBuild(), store).Run(t.Context(), books{})
		require.NoError(t, err)
		require.Equal(t, n+1, store.appends, "before each step, and at the end")
	}
}

func TestDurableKeepsOneRecordOfWhatHasEnded(t *testing.T) {
	store := storetest.NewMemory()
	_, err := runner.NewDurable(money(nil), store).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.NoError(t, err)
	records, err := store.Records(t.Context(), "x")
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.Equal(t, 3, records[0].Seq)
}

// A record may be missing: nothing may follow it, even if it could.
func TestDurableStopsAtTheFirstRecordThatFails(t *testing.T) {
	store := &hiccup{Memory: storetest.NewMemory(), at: 1}
	var ran []string
	note := func(name string) builder.StepFunc[books] {
		return func(context.Context, *books) error { ran = append(ran, name); return nil }
	}
	_, err := runner.NewDurable(sagas().Parallel("p", sagas().
		Process("q", sagas().Step("x", note("x")).Step("y", note("y"))).
		Step("sibling", note("sibling"))).
		Step("z", note("z")).MustBuild(), store).Run(t.Context(), books{})
	require.ErrorIs(t, err, errDied)
	require.Equal(t, []string{"x"}, ran)
}

// hiccup is a Store of which one Append fails.
type hiccup struct {
	*storetest.Memory
	at int
}

func (s *hiccup) Append(ctx context.Context, r runner.Record) error {
	if s.at--; s.at == -1 {
		return errDied
	}
	return s.Memory.Append(ctx, r)
}

func TestDurableWritesInProportionToTheSteps(t *testing.T) {
	written := func(n int, last error) int {
		b := chain.New[int]()
		ok := func(context.Context, *int) error { return nil }
		for i := range n {
			b = b.Step(fmt.Sprintf("step %04d", i), ok).Compensate(ok).Builder
		}
		store := &counting{Memory: storetest.NewMemory()}
		b = b.Step("last", func(context.Context, *int) error { return last }).OnFailure(policy.Compensate)
		_, err := runner.NewDurable(b.MustBuild(), store).Run(t.Context(), 1)
		require.Equal(t, last == nil, err == nil)
		return store.bytes
	}
	for _, last := range []error{nil, errBoom} {
		require.InEpsilon(t, 10*written(100, last), written(1000, last), 0.05)
	}
}

// Whatever Append the process dies at, what is recorded as completed never runs
// again, and the end is the same.
func TestDurableRecoversFromADeathAtEachRecord(t *testing.T) {
	for name, ship := range map[string]error{"forward": nil, "compensating": errBoom} {
		t.Run(name, func(t *testing.T) {
			plan := money(ship)
			want, _ := runner.NewSync(plan).Run(t.Context(), books{})
			for n := 1; ; n++ {
				memory := storetest.NewMemory()
				store := &counting{Memory: memory, left: n}
				out, err := runner.NewDurable(plan, store).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
				if store.left > 0 {
					require.Equal(t, want.Status, out.Status, "it was not reached")
					return
				}
				require.ErrorIs(t, err, errDied)
				require.False(t, out.Status.Ended())
				safe, err := runner.NewDurable(plan, memory).Get(t.Context(), "x")
				if n == 1 {
					require.ErrorIs(t, err, runner.ErrUnknownExecution, "nothing was run of it")
					require.Empty(t, out.Context.Data.Done)
					continue
				}
				require.NoError(t, err)

				d := runner.NewDurable(plan, memory)
				found, err := d.Recover(t.Context())
				require.NoError(t, err)
				require.Empty(t, found.Left)
				require.Len(t, found.Resumed, 1)
				out, _ = found.Resumed[0].Wait(t.Context())
				require.Equal(t, want.Status, out.Status)
				require.Equal(t, want.Context.Completed(), out.Context.Completed())
				require.Equal(t, want.Context.Compensated(), out.Context.Compensated())
				require.Equal(t, want.Context.Data.Done, out.Context.Data.Done, "a step that was in flight had not changed the data that is kept")
				require.Subset(t, out.Context.Completed(), safe.Completed()[:min(len(safe.Completed()), len(out.Context.Completed()))])

				again, err := d.Recover(t.Context())
				require.NoError(t, err)
				require.Empty(t, again.Resumed)
			}
		})
	}
}

func TestDurableStartNeverRunsAnIDTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory()
		plan := sagas().Named("slow").Step("a", func(_ context.Context, w *books) error {
			time.Sleep(time.Minute)
			w.Done = append(w.Done, "a")
			return errBoom
		}).MustBuild()
		d := runner.NewDurable(plan, store)
		first := d.Start(t.Context(), books{}, chain.WithID("order 1"))
		require.Same(t, first, d.Start(t.Context(), books{}, chain.WithID("order 1")))
		require.Same(t, first, runner.NewDurable(plan, store).Start(t.Context(), books{}, chain.WithID("order 1")), "of whichever runner")
		out, err := first.Wait(t.Context())
		require.ErrorIs(t, err, errBoom)

		late := d.Start(t.Context(), books{Done: []string{"other"}}, chain.WithID("order 1"))
		<-late.Done()
		stored, storedErr := late.Wait(t.Context())
		require.EqualError(t, storedErr, err.Error())
		require.Equal(t, out.Status, stored.Status)
		require.Equal(t, out.Duration, stored.Duration)
		require.Equal(t, []string{"a"}, stored.Context.Data.Done)
		require.Equal(t, paths(out.Failures), paths(stored.Failures))
		require.Equal(t, out.Failures[0].Attempts, stored.Failures[0].Attempts)
		require.Equal(t, out.Context.Trace().String(), stored.Context.Trace().String())
	})
}

func TestDurableStartOfAnIDOfAnotherPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory()
		minute := func(context.Context, *books) error { time.Sleep(time.Minute); return nil }
		h := runner.NewDurable(sagas().Named("one").Step("a", minute).MustBuild(), store).Start(t.Context(), books{}, chain.WithID("x"))

		ints := runner.NewDurable(chain.New[int]().Named("two").Step("a", func(context.Context, *int) error { return nil }).MustBuild(), store)
		_, err := ints.Start(t.Context(), 1, chain.WithID("x")).Wait(t.Context())
		require.EqualError(t, err, "runner: execution x is one of another plan, over other data")
		_, err = h.Wait(t.Context())
		require.NoError(t, err)

		two := runner.NewDurable(sagas().Named("two").Step("a", at("a")).MustBuild(), store)
		_, err = two.Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
		require.EqualError(t, err, `runner: execution x is one of plan "one"`)
		_, err = two.Retry(t.Context(), "x")
		require.EqualError(t, err, `runner: execution x is one of plan "one"`)
		found, err := two.Recover(t.Context())
		require.NoError(t, err)
		require.Empty(t, found.Resumed)
	})
}

func TestDurableStartCarriesOnWhatWasLeftUnfinished(t *testing.T) {
	memory := storetest.NewMemory()
	plan := money(nil)
	_, err := runner.NewDurable(plan, &counting{Memory: memory, left: 3}).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.ErrorIs(t, err, errDied)
	out, err := runner.NewDurable(plan, memory).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"reserve", "charge", "ship"}, out.Context.Data.Done)
}

func TestDurableShutdownLetsExecutionsStopWhereTheyStand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory()
		plan := sagas().Named("p").
			Step("a", func(_ context.Context, w *books) error {
				time.Sleep(time.Minute)
				w.Done = append(w.Done, "a")
				return nil
			}).
			Step("b", at("b")).MustBuild()
		retries := sagas().Named("retries").
			Step("a", func(_ context.Context, w *books) error {
				if w.Done = append(w.Done, "a"); len(w.Done) == 1 {
					return errBoom
				}
				return nil
			}).Retry(policy.Fixed(2, time.Minute)).MustBuild()
		d, r := runner.NewDurable(plan, store), runner.NewDurable(retries, store)
		working, waiting := d.Start(t.Context(), books{}), r.Start(t.Context(), books{})
		synctest.Wait()
		time.Sleep(20 * time.Second)

		begun := time.Now()
		require.NoError(t, r.Shutdown(t.Context()))
		require.Zero(t, time.Since(begun), "a wait ends at once")
		_, err := waiting.Wait(t.Context())
		require.ErrorIs(t, err, runner.ErrShutdown)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.EqualError(t, d.Shutdown(ctx), "runner: 1 executions still run: context deadline exceeded")
		require.NoError(t, d.Shutdown(t.Context()))
		require.Equal(t, 40*time.Second, time.Since(begun), "an attempt is waited for")
		out, err := working.Wait(t.Context())
		require.ErrorIs(t, err, runner.ErrShutdown)
		require.Equal(t, chain.Running, out.Status)
		_, err = d.Run(t.Context(), books{})
		require.ErrorIs(t, err, runner.ErrShutdown)
		_, err = d.Recover(t.Context())
		require.ErrorIs(t, err, runner.ErrShutdown)

		d, r = runner.NewDurable(plan, store), runner.NewDurable(retries, store)
		found, err := d.Recover(t.Context())
		require.NoError(t, err)
		out, err = found.Resumed[0].Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"a", "b"}, out.Context.Data.Done, "a was recorded")

		resumed := time.Now()
		found2, err := r.Recover(t.Context())
		require.NoError(t, err)
		out, err = found2.Resumed[0].Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"a", "a"}, out.Context.Data.Done)
		require.Zero(t, time.Since(resumed), "the delay was over")
	})
}

// What Shutdown has kept from beginning has not begun: the next release of the
// program may call it otherwise.
func TestDurableShutdownBeginsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory()
		minute := func(context.Context, *books) error { time.Sleep(time.Minute); return nil }
		begin := sagas().Named("p").Step("a", minute)
		d := runner.NewDurable(begin.Step("b", at("b")).MustBuild(), store)
		h := d.Start(t.Context(), books{})
		require.NoError(t, d.Shutdown(t.Context()))
		out, err := h.Wait(t.Context())
		require.ErrorIs(t, err, runner.ErrShutdown)
		require.Equal(t, []string{"a"}, out.Context.Completed())

		found, err := runner.NewDurable(begin.Step("renamed", at("renamed")).MustBuild(), store).Recover(t.Context())
		require.NoError(t, err)
		out, err = found.Resumed[0].Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"a", "renamed"}, out.Context.Completed())
	})
}

func TestDurableCancelSurvivesADeath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory()
		store := &counting{Memory: memory}
		reason := errors.New("the customer has changed his mind")
		plan := sagas().Named("p").
			Step("reserve", at("reserve")).Compensate(at("release")).
			Step("wait", func(ctx context.Context, _ *books) error { time.Sleep(time.Hour); return nil }).Compensate(at("undo wait")).CompensateOnFailure().
			Step("never", at("never")).
			OnFailure(policy.Compensate).MustBuild()
		d := runner.NewDurable(plan, store)
		h := d.Start(t.Context(), books{}, chain.WithID("x"))
		same, err := d.Cancel(t.Context(), "x", reason)
		require.NoError(t, err)
		require.Same(t, h, same)
		store.die() // nothing that comes of it is recorded
		out, err := h.Wait(t.Context())
		require.ErrorIs(t, err, errDied)
		require.Equal(t, []string{"reserve"}, out.Context.Data.Done)

		found, err := runner.NewDurable(plan, memory).Recover(t.Context())
		require.NoError(t, err)
		out, err = found.Resumed[0].Wait(t.Context())
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, reason.Error())
		require.Equal(t, chain.Compensated, out.Status)
		require.Equal(t, []string{"reserve", "undo wait", "release"}, out.Context.Data.Done, "wait was in flight")
	})
}

// A Process undoes itself because of a cancellation, and dies over it again: what
// is around it must not go on past that.
func TestDurableCancelSurvivesTwoDeaths(t *testing.T) {
	memory := storetest.NewMemory()
	plan := sagas().Named("p").
		Process("q", sagas().
			Step("a", at("a")).Compensate(at("undo a")).
			Step("b", at("b")).
			OnFailure(policy.Compensate)).
		Step("never", at("never")).
		OnFailure(policy.Continue).MustBuild()
	died := func(n int, carryOn func(*runner.Durable[books]) *runner.Handle[books]) {
		_, err := carryOn(runner.NewDurable(plan, &counting{Memory: memory, left: n})).Wait(t.Context())
		require.ErrorIs(t, err, errDied)
	}
	died(3, func(d *runner.Durable[books]) *runner.Handle[books] {
		return d.Start(t.Context(), books{}, chain.WithID("x"))
	})
	died(3, func(d *runner.Durable[books]) *runner.Handle[books] {
		h, err := d.Cancel(t.Context(), "x", nil)
		require.NoError(t, err)
		return h
	})
	found, err := runner.NewDurable(plan, memory).Recover(t.Context())
	require.NoError(t, err)
	out, err := found.Resumed[0].Wait(t.Context())
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"a", "undo a"}, out.Context.Data.Done)
}

// What could not be recorded was not asked for, and nobody is kept from asking again.
func TestDurableCancelThatCanNotBeRecorded(t *testing.T) {
	store := &hiccup{Memory: storetest.NewMemory(), at: -1}
	plan := money(nil)
	_, err := runner.NewDurable(plan, &counting{Memory: store.Memory, left: 3}).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.ErrorIs(t, err, errDied)
	before, err := store.Records(t.Context(), "x")
	require.NoError(t, err)

	store.at = 0
	d := runner.NewDurable(plan, store)
	_, err = d.Cancel(t.Context(), "x", nil)
	require.ErrorIs(t, err, errDied)
	after, err := store.Records(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, before, after)

	h, err := d.Cancel(t.Context(), "x", nil)
	require.NoError(t, err)
	_, err = h.Wait(t.Context())
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, d.Shutdown(t.Context()))
}

func TestDurableCancel(t *testing.T) {
	memory := storetest.NewMemory()
	plan := money(nil)
	_, err := runner.NewDurable(plan, &counting{Memory: memory, left: 3}).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.ErrorIs(t, err, errDied)

	d := runner.NewDurable(plan, memory, runner.WithErrorText(func(error) string { return "redacted" }))
	h, err := d.Cancel(t.Context(), "x", errors.New("secret")) // of one that is not running
	require.NoError(t, err)
	out, err := h.Wait(t.Context())
	require.ErrorIs(t, err, context.Canceled)
	require.NotContains(t, err.Error(), "secret")
	require.Equal(t, chain.Compensated, out.Status)
	require.Equal(t, []string{"reserve", "refund", "release"}, out.Context.Data.Done, "charge was in flight")

	_, err = d.Cancel(t.Context(), "x", nil)
	require.ErrorIs(t, err, chain.ErrFinished)
	h.Cancel(nil)
	_, err = d.Cancel(t.Context(), "y", nil)
	require.ErrorIs(t, err, runner.ErrUnknownExecution)
}

func TestDurableRetry(t *testing.T) {
	for name, c := range map[string]struct {
		b      builder.Builder[books]
		status chain.Status
		end    chain.Status
		done   []string
	}{
		"aborted": {sagas().Step("a", at("a")).Step("b", once("b")).Builder, chain.Aborted, chain.Succeeded, []string{"a", "b", "b"}},
		"stuck": {sagas().Step("a", at("a")).Compensate(once("undo a")).Step("b", at("b", errBoom)).OnFailure(policy.Compensate),
			chain.Stuck, chain.Compensated, []string{"a", "b", "undo a", "undo a"}},
	} {
		t.Run(name, func(t *testing.T) {
			store := storetest.NewMemory()
			plan := c.b.Named("p").MustBuild()
			out, _ := runner.NewDurable(plan, store).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
			require.Equal(t, c.status, out.Status)

			d := runner.NewDurable(plan, store)
			found, err := d.Recover(t.Context())
			require.NoError(t, err)
			require.Empty(t, found.Resumed, "a person must look first")
			h, err := d.Retry(t.Context(), "x")
			require.NoError(t, err)
			out, _ = h.Wait(t.Context())
			require.Equal(t, c.end, out.Status)
			require.Equal(t, c.done, out.Context.Data.Done)

			_, err = d.Retry(t.Context(), "x")
			require.ErrorIs(t, err, chain.ErrFinished)
			_, err = d.Retry(t.Context(), "y")
			require.ErrorIs(t, err, runner.ErrUnknownExecution)
			stored, err := d.Get(t.Context(), "x")
			require.NoError(t, err)
			require.Equal(t, out.Context.Trace().String(), stored.Trace().String(), "of all runs")
		})
	}
}

// once fails the first time, whichever process that is in.
func once(name string) builder.StepFunc[books] {
	return func(_ context.Context, w *books) error {
		w.Done = append(w.Done, name)
		if slices.Index(w.Done, name) == len(w.Done)-1 {
			return errBoom
		}
		return nil
	}
}

func TestDurableForgetsNoneThatIsCompensating(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := sagas().
			Step("a", func(context.Context, *books) error { return nil }).
			Compensate(func(context.Context, *books) error { time.Sleep(time.Minute); return nil }).
			Step("b", func(context.Context, *books) error { return errBoom }).
			OnFailure(policy.Compensate).MustBuild()
		d := runner.NewDurable(plan, storetest.NewMemory())
		h := d.Start(t.Context(), books{}, chain.WithID("x"))
		synctest.Wait()
		require.EqualError(t, d.Forget(t.Context(), "x"), "runner: execution x is unfinished, it is compensating: cancel it, or wait for its end")
		_, err := h.Wait(t.Context())
		require.ErrorIs(t, err, errBoom)
		require.NoError(t, d.Forget(t.Context(), "x"))
	})
}

func TestDurableRetryOfARunningExecution(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := runner.NewDurable(sagas().Step("a", func(context.Context, *books) error { time.Sleep(time.Minute); return nil }).MustBuild(), storetest.NewMemory())
		h := d.Start(t.Context(), books{}, chain.WithID("x"))
		_, err := d.Retry(t.Context(), "x")
		require.EqualError(t, err, "runner: execution x is running")
		require.ErrorContains(t, d.Forget(t.Context(), "x"), "execution x is unfinished, it is running: cancel it, or wait for its end")
		found, err := d.Recover(t.Context())
		require.NoError(t, err)
		require.Empty(t, found.Resumed)
		require.Empty(t, found.Left)
		_, err = h.Wait(t.Context())
		require.NoError(t, err)
		require.NoError(t, d.Forget(t.Context(), "x"))
		require.ErrorIs(t, d.Forget(t.Context(), "x"), runner.ErrUnknownExecution)
		_, err = d.Get(t.Context(), "x")
		require.ErrorIs(t, err, runner.ErrUnknownExecution)
	})
}

func TestDurableList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory()
		d := runner.NewDurable(money(nil), store)
		failing := runner.NewDurable(sagas().Named("other").Step("a", at("a", errBoom)).MustBuild(), store)
		_, err := d.Start(t.Context(), books{}, chain.WithID("old")).Wait(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Hour)
		_, err = d.Start(t.Context(), books{}, chain.WithID("new")).Wait(t.Context())
		require.NoError(t, err)
		_, err = failing.Start(t.Context(), books{}, chain.WithID("bad")).Wait(t.Context())
		require.Error(t, err)
		list := func(q runner.Query) (ids []string) {
			for head, err := range d.List(t.Context(), q) {
				require.NoError(t, err)
				ids = append(ids, head.ID)
			}
			slices.Sort(ids)
			return ids
		}
		require.Equal(t, []string{"bad", "new", "old"}, list(runner.Query{}))
		require.Equal(t, []string{"new", "old"}, list(runner.Query{Plan: "money"}))
		require.Equal(t, []string{"bad"}, list(runner.Query{Statuses: []chain.Status{chain.Aborted, chain.Stuck}}))
		require.Equal(t, []string{"old"}, list(runner.Query{ChangedBefore: time.Now().Add(-time.Minute)}))
	})
}

func TestDurableRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory()
		d := runner.NewDurable(money(nil), store, runner.WithRetention(time.Hour))
		run := func(id string) {
			_, err := d.Start(t.Context(), books{}, chain.WithID(id)).Wait(t.Context())
			require.NoError(t, err)
			synctest.Wait()
		}
		left := func() (ids []string) {
			for head, err := range d.List(t.Context(), runner.Query{}) {
				require.NoError(t, err)
				ids = append(ids, head.ID)
			}
			slices.Sort(ids)
			return ids
		}
		aborted, _ := runner.NewDurable(sagas().Named("money").Step("a", at("a", errBoom)).MustBuild(), store).Start(t.Context(), books{}, chain.WithID("aborted")).Wait(t.Context())
		require.Equal(t, chain.Aborted, aborted.Status)
		run("1")
		time.Sleep(30 * time.Minute)
		run("2")
		require.Equal(t, []string{"1", "2", "aborted"}, left())
		time.Sleep(30 * time.Minute)
		run("3")
		require.Equal(t, []string{"2", "3", "aborted"}, left())
		time.Sleep(time.Hour)
		d = runner.NewDurable(money(nil), store, runner.WithRetention(time.Hour))
		_, err := d.Recover(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"aborted"}, left())

		run("4") // and a new one of a known ID is not forgotten for the old one's age
		time.Sleep(59 * time.Minute)
		require.NoError(t, d.Forget(t.Context(), "4"))
		run("4")
		time.Sleep(time.Minute)
		run("5")
		require.Equal(t, []string{"4", "5", "aborted"}, left())
	})
}

// The worked example of the documentation: what may become of a plan while one of
// its executions is unfinished.
func TestDurablePlanChanges(t *testing.T) {
	interrupted := func(t *testing.T) *storetest.Memory {
		memory := storetest.NewMemory()
		_, err := runner.NewDurable(money(nil), &counting{Memory: memory, left: 3}).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
		require.ErrorIs(t, err, errDied) // reserve is completed, charge is in flight
		return memory
	}
	begin := sagas().Named("money").Step("reserve", at("reserve")).Compensate(at("release"))
	charge := func(b builder.Builder[books]) builder.StepBuilder[books] {
		return b.Step("charge", at("charge")).Compensate(at("refund")).CompensateOnFailure()
	}
	ship := func(b builder.Builder[books]) builder.Builder[books] {
		return b.Step("ship", at("ship")).Compensate(at("recall")).OnFailure(policy.Compensate)
	}
	for name, c := range map[string]struct {
		plan    builder.Builder[books]
		differs string // empty: it fits
	}{
		"a step is added at the end":         {ship(charge(begin.Builder).Builder).Step("thank", at("thank")).Builder, ""},
		"a step not begun is renamed":        {charge(begin.Builder).Step("send", at("send")).Builder, ""},
		"a step is inserted behind":          {ship(charge(begin.Builder).Step("pack", at("pack")).Builder), ""},
		"a step is inserted before":          {ship(charge(begin.Step("check", at("check")).Builder).Builder), `step "check" was not recorded and comes before step "charge", which was`},
		"a step in flight is renamed":        {ship(begin.Step("bill", at("bill")).Builder), `step "charge" was in flight and is not in the plan`},
		"a completed step is renamed":        {ship(charge(sagas().Named("money").Step("book", at("book")).Compensate(at("release")).Builder).Builder), `step "reserve" was recorded and is not in the plan`},
		"a completed step is removed":        {ship(charge(sagas().Named("money")).Builder), `step "reserve" was recorded and is not in the plan`},
		"a completed step loses its undo":    {ship(charge(sagas().Named("money").Step("reserve", at("reserve")).Builder).Builder), `step "reserve" was recorded with a compensation and has none`},
		"two steps change places":            {ship(sagas().Named("money").Step("charge", at("charge")).Step("reserve", at("reserve")).Compensate(at("release")).Builder), `step "reserve" was recorded before step "charge" and comes after it`},
		"a retry or a timeout is configured": {ship(charge(begin.Builder).Timeout(time.Minute).Retry(policy.Fixed(2, 0)).Builder), ""},
	} {
		t.Run(name, func(t *testing.T) {
			store := interrupted(t)
			before, err := store.Records(t.Context(), "x")
			require.NoError(t, err)
			d := runner.NewDurable(c.plan.MustBuild(), store)
			found, err := d.Recover(t.Context())
			if c.differs == "" {
				require.NoError(t, err)
				out, err := found.Resumed[0].Wait(t.Context())
				require.NoError(t, err)
				require.Equal(t, []string{"reserve", "charge"}, out.Context.Data.Done[:2])
				require.Equal(t, c.plan.MustBuild().Fingerprint(), out.Context.Fingerprint())
				return
			}
			require.ErrorIs(t, err, chain.ErrPlanChanged)
			require.ErrorContains(t, err, c.differs)
			require.Empty(t, found.Resumed)
			require.Equal(t, "x", found.Left[0].Head.ID)
			_, err = d.Cancel(t.Context(), "x", nil)
			require.ErrorIs(t, err, chain.ErrPlanChanged)
			_, err = d.Retry(t.Context(), "x")
			require.ErrorIs(t, err, chain.ErrPlanChanged)
			after, err := store.Records(t.Context(), "x")
			require.NoError(t, err)
			require.Equal(t, before, after, "it is left untouched")

			d = runner.NewDurable(c.plan.MustBuild(), store, runner.WithVersion(money(nil)))
			found, err = d.Recover(t.Context())
			require.NoError(t, err)
			out, err := found.Resumed[0].Wait(t.Context())
			require.NoError(t, err)
			require.Equal(t, []string{"reserve", "charge", "ship"}, out.Context.Data.Done, "it goes on under the plan it was begun under")
		})
	}
}

func TestDurableIsAsGoodAsItsStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &counting{Memory: storetest.NewMemory(), left: 3}
		hour := func(context.Context, *books) error { time.Sleep(time.Hour); return nil }
		plan := sagas().Named("p").
			Step("a", hour).
			Parallel("q", sagas().Step("x", hour).Step("y", hour)).MustBuild()
		h := runner.NewDurable(plan, store).Start(t.Context(), books{})
		_, err := h.Wait(t.Context())
		require.ErrorIs(t, err, errDied)
		var failed *chain.ExecutionError
		require.False(t, errors.As(err, &failed), "the plan has not failed")
	})
}

func TestDurableRefusesAStateThatCanNotBeWritten(t *testing.T) {
	type price struct{ Amount float64 }
	store := storetest.NewMemory()
	d := runner.NewDurable(chain.New[price]().Named("p").
		Step("a", func(_ context.Context, p *price) error { p.Amount = math.NaN(); return nil }).
		Step("b", func(context.Context, *price) error { return nil }).MustBuild(), store)
	h := d.Start(t.Context(), price{1}, chain.WithID("x"))
	out, err := h.Wait(t.Context())
	require.EqualError(t, err, "runner: execution x: taskchain: encode: data: json: unsupported value: NaN")
	require.Equal(t, chain.Running, out.Status)
	stored, err := d.Get(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, price{1}, stored.Data, "it stands before that step")

	_, err = runner.NewDurable(chain.New[chan int]().Step("a", func(context.Context, *chan int) error { return nil }).MustBuild(), store).
		Run(t.Context(), make(chan int))
	require.ErrorContains(t, err, "unsupported type: chan int", "before anything runs")
}

// hidden is a codec as users write one around another.
type hidden struct{}

func (hidden) Encode(s chain.Snapshot[books]) ([]byte, error) {
	doc, err := chain.EncodeSnapshot(s)
	for i := range doc {
		doc[i] ^= 0x5a
	}
	return doc, err
}

func (hidden) Decode(doc []byte) (chain.Snapshot[books], error) {
	doc = bytes.Clone(doc)
	for i := range doc {
		doc[i] ^= 0x5a
	}
	return chain.DecodeSnapshot[books](doc, true)
}

func TestDurableWithCodec(t *testing.T) {
	memory := storetest.NewMemory()
	_, err := runner.NewDurable(money(nil), &counting{Memory: memory, left: 3}, runner.WithCodec(hidden{})).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.ErrorIs(t, err, errDied)
	records, err := memory.Records(t.Context(), "x")
	require.NoError(t, err)
	for _, r := range records {
		require.NotContains(t, string(r.Body), "reserve")
	}
	found, err := runner.NewDurable(money(nil), memory).Recover(t.Context())
	require.ErrorContains(t, err, "runner: execution x (running) is left as it is: runner: execution x: record 0: taskchain: decode:")
	require.Len(t, found.Left, 1)

	found, err = runner.NewDurable(money(nil), memory, runner.WithCodec(hidden{})).Recover(t.Context())
	require.NoError(t, err)
	out, err := found.Resumed[0].Wait(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"reserve", "charge", "ship"}, out.Context.Data.Done)
}

// A step that changes little writes little, wherever that is and however much
// there is beside it.
func TestARecordIsAsLongAsWhatAStepHasChanged(t *testing.T) {
	type state struct {
		Before string
		Done   []int
		After  string
	}
	const steps = 50
	plan := chain.New[state]().Named("large")
	for i := range steps {
		plan = plan.Step(fmt.Sprint("s", i), func(_ context.Context, s *state) error {
			s.Done = append(s.Done, i)
			return nil
		}).Builder
	}
	store := &measuring{Store: storetest.NewMemory()}
	d := runner.NewDurable(plan.MustBuild(), store)
	large := strings.Repeat("a large state. ", 10_000)
	_, err := d.Start(t.Context(), state{Before: large, After: large}, chain.WithID("x")).Wait(t.Context())
	require.NoError(t, err)

	require.Len(t, store.lengths, steps+1)
	require.Greater(t, store.lengths[0], 2*len(large), "the first one stands alone")
	require.Greater(t, store.lengths[steps], 2*len(large), "and the last one")
	require.Less(t, slices.Max(store.lengths[1:steps]), 500)
	exec, err := d.Get(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, large, exec.Data.After)
	require.Len(t, exec.Data.Done, steps)
}

// A codec that ends the goroutine stops its execution, once.
func TestDurableOfACodecThatEndsTheGoroutine(t *testing.T) {
	c := &exiting{Codec: codec.JSON[books](), left: 2}
	memory := storetest.NewMemory()
	_, err := runner.NewDurable(money(nil), memory, runner.WithCodec(c)).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.ErrorContains(t, err, "runner: execution x: its codec or store called runtime.Goexit")
	require.Equal(t, -1, c.left, "it is not asked again")
	exec, err := runner.NewDurable(money(nil), memory).Get(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, []string{"reserve"}, exec.Data.Done)
}

type exiting struct {
	codec.Codec[books]
	left int
}

func (e *exiting) Encode(s chain.Snapshot[books]) ([]byte, error) {
	if e.left--; e.left < 0 {
		runtime.Goexit()
	}
	return e.Codec.Encode(s)
}

// A store that ends the goroutine of whoever asks it leaves nobody waiting: neither
// those who come for the same ID, nor Shutdown.
func TestDurableOfAStoreThatEndsTheGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &leaving{Store: storetest.NewMemory(), reads: true}
		d := runner.NewDurable(money(nil), store, runner.WithRetention(time.Minute))
		go d.Start(t.Context(), books{}, chain.WithID("x"))
		synctest.Wait()
		require.False(t, store.reads, "it was asked")
		again := make(chan error, 1)
		go func() {
			_, err := d.Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
			again <- err
		}()
		synctest.Wait()
		require.Len(t, again, 1)
		require.NoError(t, <-again)

		time.Sleep(time.Hour)
		store.forgets = true
		_, err := d.Start(t.Context(), books{}, chain.WithID("y")).Wait(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		require.False(t, store.forgets, "it was asked")
		require.NoError(t, d.Shutdown(t.Context()))
	})
}

type leaving struct {
	runner.Store
	reads, forgets bool // where it does, once
}

func (l *leaving) Records(ctx context.Context, id string) ([]runner.Record, error) {
	if l.reads {
		l.reads = false
		runtime.Goexit()
	}
	return l.Store.Records(ctx, id)
}

func (l *leaving) Forget(ctx context.Context, id string) error {
	if l.forgets {
		l.forgets = false
		runtime.Goexit()
	}
	return l.Store.Forget(ctx, id)
}

// A panic of the caller's context is the caller's, who may survive it as the handler
// of a request does: then the ID is as free as before.
func TestDurableOfAContextThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := runner.NewDurable(money(nil), storetest.NewMemory())
		var none *struct{ context.Context }
		require.Panics(t, func() { d.Start(none, books{}, chain.WithID("x")) })
		_, err := d.Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
		require.NoError(t, err)
		require.NoError(t, d.Shutdown(t.Context()))
	})
}

// measuring is a Store that knows how long the bodies were.
type measuring struct {
	runner.Store
	lengths []int
}

func (m *measuring) Append(ctx context.Context, r runner.Record) error {
	m.lengths = append(m.lengths, len(r.Body))
	return m.Store.Append(ctx, r)
}

// Whatever a step changes back, each record is read with the one before it.
func TestARecordIsReadWithTheOneBefore(t *testing.T) {
	texts := []string{"begin", "another begin, which is longer", "begin", "", "an end", "begin"}
	b := chain.New[string]().Named("texts")
	for i, text := range texts[1:] {
		b = b.Step(fmt.Sprint("s", i), func(_ context.Context, s *string) error {
			*s = text
			return nil
		}).Builder
	}
	for after, want := range texts {
		store := &counting{Memory: storetest.NewMemory(), left: after + 2}
		d := runner.NewDurable(b.MustBuild(), store)
		_, _ = d.Start(t.Context(), texts[0], chain.WithID("x")).Wait(t.Context())
		exec, err := d.Get(t.Context(), "x")
		require.NoError(t, err)
		require.Equal(t, want, exec.Data, "after %d steps", after)
	}
}

// appending is a codec that can add to a buffer, and must be asked to.
type appending struct{ codec.Appender[books] }

func (appending) Encode(chain.Snapshot[books]) ([]byte, error) { return nil, errBoom }

func TestDurableAppendsWhereACodecCan(t *testing.T) {
	c := appending{codec.JSON[books]().(codec.Appender[books])}
	memory := storetest.NewMemory()
	_, err := runner.NewDurable(money(nil), memory, runner.WithCodec(c)).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.NoError(t, err)
	exec, err := runner.NewDurable(money(nil), memory).Get(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, []string{"reserve", "charge", "ship"}, exec.Data.Done)
}

// inPlace is a codec that decodes where the bytes are.
type inPlace struct{ codec.Appender[books] }

func xor(doc []byte) {
	for i := range doc {
		doc[i] ^= 0x5a
	}
}

func (c inPlace) Append(doc []byte, s chain.Snapshot[books]) ([]byte, int, error) {
	all, head, err := c.Appender.Append(doc, s)
	if err == nil {
		xor(all[len(doc):])
	}
	return all, head, err
}

func (c inPlace) Decode(doc []byte) (chain.Snapshot[books], error) {
	xor(doc)
	return c.Appender.Decode(doc)
}

func TestDurableOfACodecThatDecodesInPlace(t *testing.T) {
	c, memory := inPlace{codec.JSON[books]().(codec.Appender[books])}, storetest.NewMemory()
	_, err := runner.NewDurable(money(nil), &counting{Memory: memory, left: 4}, runner.WithCodec(c)).Run(t.Context(), books{})
	require.ErrorIs(t, err, errDied)
	found, err := runner.NewDurable(money(nil), memory, runner.WithCodec(c)).Recover(t.Context())
	require.NoError(t, err)
	out, err := found.Resumed[0].Wait(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"reserve", "charge", "ship"}, out.Context.Data.Done)
}

func TestDurableRecordsThatCanNotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		text string
	}{
		"empty":       {"", "record 0: of an unknown form"},
		"unknown":     {"\x01", "record 0: of an unknown form"},
		"cut":         {"\x02\x05a", "record 0: cut off"},
		"no number":   {"\x02", "record 0: cut off"},
		"cut between": {"\x02\x00\x00\x00\x05{}", "record 0: cut off"},
		"no fit":      {"\x02\x00\x01\x00\x00{}", "record 0: does not fit the record before"},
		"no fit end":  {"\x02\x00\x00\x01\x00{}", "record 0: does not fit the record before"},
		"no snapshot": {"\x02\x00", "join: no snapshots"},
		"bad":         {"\x02\x00\x00\x00\x00{}", "record 0: taskchain: decode: version: is missing"},
		"inconsistent": {"\x02\x00\x00\x00\x00" + `{"version":1,"id":"x","status":"running","data":{"Done":null},"trace":[{"time":"0001-01-01T00:00:00Z","kind":"started"}]}`,
			"record 0: taskchain: decode: trace[0].time: is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			store := storetest.NewMemory()
			require.NoError(t, store.Append(t.Context(), runner.Record{
				Head: runner.Head{ID: "x", Plan: "money", Status: chain.Running}, Whole: true, Body: []byte(c.body),
			}))
			d := runner.NewDurable(money(nil), store)
			_, err := d.Recover(t.Context())
			require.ErrorContains(t, err, c.text)
			_, err = d.Get(t.Context(), "x")
			require.ErrorContains(t, err, c.text)
			_, err = d.Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
			require.ErrorContains(t, err, c.text)
			_, err = d.Retry(t.Context(), "x")
			require.ErrorContains(t, err, c.text)
			require.ErrorContains(t, d.Forget(t.Context(), "x"), c.text)
			_, err = d.Resume(t.Context(), chain.NewExecutionContext(books{}, chain.WithID("x")))
			require.ErrorContains(t, err, c.text)
		})
	}
}

func TestDurableResume(t *testing.T) {
	store := storetest.NewMemory()
	plan := sagas().Named("p").Step("a", at("a")).Step("b", once("b")).MustBuild()
	d := runner.NewDurable(plan, store)
	stale, _ := runner.NewSync(plan).Resume(t.Context(), chain.NewExecutionContext(books{}, chain.WithID("x")))
	require.Equal(t, chain.Aborted, stale.Status)
	old, err := chain.Restore(stale.Context.Snapshot())
	require.NoError(t, err)

	out, err := d.Resume(t.Context(), stale.Context) // from elsewhere
	require.NoError(t, err)
	require.Same(t, stale.Context, out.Context)
	require.Equal(t, []string{"a", "b", "b"}, out.Context.Data.Done)
	stored, err := d.Get(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, chain.Succeeded, stored.Status())

	_, err = d.Resume(t.Context(), old)
	require.EqualError(t, err, "runner: execution x: the store knows more of it than what is to be resumed")
	_, err = d.Resume(t.Context(), stored)
	require.ErrorIs(t, err, chain.ErrFinished)
	_, err = d.Resume(t.Context(), nil)
	require.EqualError(t, err, "runner: the execution to resume is nil")
	zero := &chain.ExecutionContext[books]{}
	_, err = d.Resume(t.Context(), zero)
	require.ErrorIs(t, err, errBoom)
	_, err = d.Get(t.Context(), zero.ID)
	require.NoError(t, err)
}

func TestDurableOfAnUnnamedPlanIsKnownByItsStructure(t *testing.T) {
	memory := storetest.NewMemory()
	b := sagas().Step("a", at("a")).Step("b", at("b"))
	_, err := runner.NewDurable(b.MustBuild(), &counting{Memory: memory, left: 3}).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.ErrorIs(t, err, errDied)
	found, err := runner.NewDurable(b.Step("c", at("c")).MustBuild(), memory).Recover(t.Context())
	require.ErrorIs(t, err, chain.ErrPlanChanged)
	require.EqualError(t, err, "runner: execution x (running) is left as it is: neither its plan nor this one has a name, and its structure is another: "+chain.ErrPlanChanged.Error())
	require.Empty(t, found.Resumed, "it may be one of another plan")
	require.Len(t, found.Left, 1)
	found, err = runner.NewDurable(b.Named("p").Step("c", at("c")).MustBuild(), memory).Recover(t.Context())
	require.NoError(t, err, "it is of no plan that has a name")
	require.Empty(t, found.Left)
	found, err = runner.NewDurable(b.Step("c", at("c")).MustBuild(), memory, runner.WithVersion(b.MustBuild())).Recover(t.Context())
	require.NoError(t, err)
	_, err = found.Resumed[0].Wait(t.Context())
	require.NoError(t, err)
}

func TestDurableSharesOneLimitBetweenVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory()
		minute := func(context.Context, *books) error { time.Sleep(time.Minute); return nil }
		old := sagas().Named("p").Step("a", minute).MustBuild()
		plan := sagas().Named("p").Step("b", minute).MustBuild()
		_, err := runner.NewDurable(old, &counting{Memory: memory, left: 2}).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
		require.ErrorIs(t, err, errDied)
		begun := time.Now()
		d := runner.NewDurable(plan, memory, runner.WithVersion(old), runner.WithConcurrency(1))
		found, err := d.Recover(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		h := d.Start(t.Context(), books{}) // returns while it waits for its turn
		require.Zero(t, time.Since(begun))
		_, err = h.Wait(t.Context())
		require.NoError(t, err)
		_, err = found.Resumed[0].Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2*time.Minute, time.Since(begun))
	})
}

func TestDurableSurvivesGoexit(t *testing.T) {
	plan := sagas().Named("p").Step("a", at("a")).Compensate(at("undo a")).
		Step("b", func(context.Context, *books) error { runtime.Goexit(); return nil }).OnFailure(policy.Compensate).MustBuild()
	store := storetest.NewMemory()
	d := runner.NewDurable(plan, store)
	out, err := d.Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.ErrorIs(t, err, chain.ErrGoexit)
	require.Equal(t, chain.Compensated, out.Status)
	stored, err := d.Get(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, out.Context.Trace().String(), stored.Trace().String())
}

// incomparable is a Store that can't be a key.
type incomparable struct {
	*storetest.Memory
	_ []int
}

func TestDurableFaults(t *testing.T) {
	plan, store := money(nil), storetest.NewMemory()
	ints := chain.New[int]().Step("a", func(context.Context, *int) error { return nil }).MustBuild()
	for text, d := range map[string]*runner.Durable[books]{
		"runner: the plan is nil":  runner.NewDurable[books](nil, store),
		"runner: the store is nil": runner.NewDurable(plan, nil),
		"runner: a store must be comparable, as a pointer is, and runner_test.incomparable is not": runner.NewDurable(plan, incomparable{Memory: store}),
		"runner: WithVersion: *builder.Plan[int] is no plan over runner_test.books":                runner.NewDurable(plan, store, runner.WithVersion(ints)),
		`runner: WithVersion: plan "other" is no version of plan "money": it has another name`:     runner.NewDurable(plan, store, runner.WithVersion(sagas().Named("other").Step("a", at("a")).MustBuild())),
		"runner: WithVersion: nil plan":                                  runner.NewDurable(plan, store, runner.WithVersion[books](nil)),
		"runner: WithCodec: nil codec":                                   runner.NewDurable(plan, store, runner.WithCodec[books](nil)),
		"runner: WithRetention: must be above 0, got 0s":                 runner.NewDurable(plan, store, runner.WithRetention(0)),
		"runner: the zero Durable has no plan: make one with NewDurable": {},
	} {
		_, err := d.Run(t.Context(), books{})
		require.ErrorContains(t, err, text)
		_, err = d.Resume(t.Context(), chain.NewExecutionContext(books{}))
		require.ErrorContains(t, err, text)
		_, err = d.Start(t.Context(), books{}).Wait(t.Context())
		require.ErrorContains(t, err, text)
		_, err = d.Recover(t.Context())
		require.ErrorContains(t, err, text)
		_, err = d.Get(t.Context(), "x")
		require.ErrorContains(t, err, text)
		_, err = d.Cancel(t.Context(), "x", nil)
		require.ErrorContains(t, err, text)
		require.ErrorContains(t, d.Forget(t.Context(), "x"), text)
		for _, err := range d.List(t.Context(), runner.Query{}) {
			require.ErrorContains(t, err, text)
		}
		require.NoError(t, d.Shutdown(t.Context()))
	}
	_, err := runner.NewSync(plan, runner.WithRetention(time.Hour)).Run(t.Context(), books{})
	require.EqualError(t, err, "runner: WithRetention: is for NewDurable")
}
