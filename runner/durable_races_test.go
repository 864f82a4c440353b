package runner_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

// slow is a Store that takes a minute to read, and an hour to list.
type slow struct{ *storetest.Memory }

func (s slow) Records(ctx context.Context, id string) ([]runner.Record, error) {
	records, err := s.Memory.Records(ctx, id)
	time.Sleep(time.Minute)
	return records, err
}

func (s slow) List(ctx context.Context, q runner.Query) iter.Seq2[runner.Head, error] {
	return func(yield func(runner.Head, error) bool) {
		var heads []runner.Head
		for head := range s.Memory.List(ctx, q) {
			heads = append(heads, head)
		}
		time.Sleep(time.Hour)
		for _, head := range heads {
			if !yield(head, nil) {
				return
			}
		}
	}
}

// While one caller looks after an ID, others ask for it: what comes of his
// question is no answer to theirs.
func TestDurableAnswersEachCallerHisOwnQuestion(t *testing.T) {
	var none context.Context
	first := map[string]func(d *runner.Durable[books]) error{
		"cancel": func(d *runner.Durable[books]) error {
			_, err := d.Cancel(context.Background(), "x", nil)
			return err
		},
		"start without a context": func(d *runner.Durable[books]) error {
			_, err := d.Start(none, books{}, chain.WithID("x")).Wait(context.Background())
			return err
		},
		"resume": func(d *runner.Durable[books]) error {
			exec := chain.NewExecutionContext(books{}, chain.WithID("x"))
			_, err := d.Resume(none, exec)
			return err
		},
		"start": func(d *runner.Durable[books]) error {
			_, err := d.Start(context.Background(), books{}, chain.WithID("x")).Wait(context.Background())
			return err
		},
	}
	for name, ask := range first {
		for _, known := range []bool{false, true} {
			if name == "start" && !known {
				continue // which is the running one's
			}
			t.Run(name+map[bool]string{true: " of one that has aborted", false: " of one that is unknown"}[known], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					memory := storetest.NewMemory()
					plan := sagas().Named("p").Step("a", once("a")).MustBuild()
					if known {
						out, _ := runner.NewDurable(plan, memory).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
						require.Equal(t, chain.Aborted, out.Status)
					}
					d := runner.NewDurable(plan, slow{memory})
					asked := make(chan error)
					go func() { asked <- ask(d) }()
					synctest.Wait()
					if known {
						_, err := d.Cancel(t.Context(), "x", nil)
						require.ErrorIs(t, err, chain.ErrFinished)
						require.Error(t, <-asked)
						go func() { asked <- ask(d) }()
						synctest.Wait()
						h, err := d.Retry(t.Context(), "x")
						require.NoError(t, err)
						out, err := h.Wait(t.Context())
						require.NoError(t, err)
						require.Equal(t, []string{"a", "a"}, out.Context.Data.Done)
					} else {
						out, err := d.Start(t.Context(), books{Done: []string{"a"}}, chain.WithID("x")).Wait(t.Context())
						require.ErrorIs(t, err, nil)
						require.Equal(t, []string{"a", "a"}, out.Context.Data.Done)
					}
					require.Error(t, <-asked)
				})
			})
		}
	}
}

func TestDurableOperatesOnItsOwnPlanOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory()
		minute := func(context.Context, *books) error { time.Sleep(time.Minute); return nil }
		h := runner.NewDurable(sagas().Named("one").Step("a", minute).MustBuild(), store).Start(t.Context(), books{}, chain.WithID("x"))
		two := runner.NewDurable(sagas().Named("two").Step("a", at("a")).MustBuild(), store)
		_, err := two.Cancel(t.Context(), "x", nil)
		require.EqualError(t, err, `runner: execution x is one of plan "one"`)
		other := two.Start(t.Context(), books{}, chain.WithID("x"))
		require.NotSame(t, h, other)
		_, err = other.Wait(t.Context())
		require.EqualError(t, err, `runner: execution x is one of plan "one"`, "while it runs, too")
		_, err = h.Wait(t.Context())
		require.NoError(t, err, "it was not cancelled")
		_, err = two.Resume(t.Context(), chain.NewExecutionContext(books{}, chain.WithID("x")))
		require.EqualError(t, err, `runner: execution x is one of plan "one"`)
	})
}

func TestDurableResumeHearsACancellation(t *testing.T) {
	memory := storetest.NewMemory()
	_, err := runner.NewDurable(money(nil), &counting{Memory: memory, left: 3}).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.ErrorIs(t, err, errDied)
	h, err := runner.NewDurable(money(nil), &counting{Memory: memory, left: 2}).Cancel(t.Context(), "x", nil)
	require.NoError(t, err)
	_, err = h.Wait(t.Context())
	require.ErrorIs(t, err, errDied)

	d := runner.NewDurable(money(nil), memory)
	exec, err := d.Get(t.Context(), "x")
	require.NoError(t, err)
	out, err := d.Resume(t.Context(), exec)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, chain.Compensated, out.Status)
	require.Equal(t, []string{"reserve", "refund", "release"}, out.Context.Data.Done)
}

func TestDurableResumeRefusesAnotherPast(t *testing.T) {
	memory := storetest.NewMemory()
	_, err := runner.NewDurable(money(nil), &counting{Memory: memory, left: 3}).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.ErrorIs(t, err, errDied)
	d := runner.NewDurable(money(nil), memory)
	exec := chain.NewExecutionContext(books{}, chain.WithID("x"))
	for range 20 {
		exec.Log(0, "more than the store has, and nothing of it")
	}
	_, err = d.Resume(t.Context(), exec)
	require.EqualError(t, err, "runner: execution x: the store knows more of it than what is to be resumed")
	stored, err := d.Get(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, []string{"reserve"}, stored.Completed())
}

func TestDurableStartDoesNotWaitForADelayItGoesOnWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory()
		plan := sagas().Named("p").Step("a", once("a")).Retry(policy.Fixed(2, time.Hour).MaxDelay(time.Hour)).MustBuild()
		d := runner.NewDurable(plan, store)
		d.Start(t.Context(), books{}, chain.WithID("x"))
		synctest.Wait()
		require.NoError(t, d.Shutdown(t.Context()))

		begun := time.Now()
		h := runner.NewDurable(plan, store).Start(t.Context(), books{}, chain.WithID("x"))
		require.Zero(t, time.Since(begun), "it is safe already")
		_, err := h.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, time.Hour, time.Since(begun))
	})
}

// What Resume takes over is written down before the rest of a delay is waited for, as
// before every wait, and so goes on after Shutdown; the delay gets no longer by it.
func TestDurableResumeIsSafeBeforeItsDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := sagas().Named("p").Step("a", once("a")).Retry(policy.Fixed(2, time.Hour).MaxDelay(time.Hour)).MustBuild()
		begun := time.Now()
		elsewhere := runner.NewDurable(plan, storetest.NewMemory())
		elsewhere.Start(t.Context(), books{}, chain.WithID("x"))
		synctest.Wait()
		require.NoError(t, elsewhere.Shutdown(t.Context()))
		exec, err := elsewhere.Get(t.Context(), "x")
		require.NoError(t, err)

		store := storetest.NewMemory()
		d := runner.NewDurable(plan, store)
		resumed := make(chan error)
		go func() {
			_, err := d.Resume(t.Context(), exec)
			resumed <- err
		}()
		time.Sleep(20 * time.Minute)
		_, err = d.Get(t.Context(), "x")
		require.NoError(t, err, "while it waits")
		go func() { _ = d.Shutdown(t.Context()) }()
		require.ErrorIs(t, <-resumed, runner.ErrShutdown)

		time.Sleep(10 * time.Minute)
		found, err := runner.NewDurable(plan, store).Recover(t.Context())
		require.NoError(t, err)
		require.Len(t, found.Resumed, 1)
		out, err := found.Resumed[0].Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"a", "a"}, out.Context.Data.Done)
		require.Equal(t, time.Hour, time.Since(begun))
	})
}

func TestDurableShutdownBeginsNoSibling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.NewMemory()
		minute := func(context.Context, *books) error { time.Sleep(time.Minute); return nil }
		branches := sagas()
		for _, name := range []string{"1", "2", "3"} {
			branches = branches.Step(name, minute).Compensate(at("undo " + name)).CompensateOnFailure().Builder
		}
		d := runner.NewDurable(sagas().Named("p").Parallel("q", branches).OnFailure(policy.Compensate).MustBuild(), store)
		h := d.Start(t.Context(), books{}, chain.WithID("x"))
		require.NoError(t, d.Shutdown(t.Context()))
		_, err := h.Wait(t.Context())
		require.ErrorIs(t, err, runner.ErrShutdown)
		exec, err := d.Get(t.Context(), "x")
		require.NoError(t, err)
		for _, e := range exec.Trace() {
			require.NotEqual(t, "q/3", e.Path, "it has not begun")
		}
	})
}

func TestDurableForgetsOrSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory()
		plan := sagas().Named("p").Step("a", once("a")).MustBuild()
		d := runner.NewDurable(plan, memory)
		_, err := d.Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
		require.ErrorIs(t, err, errBoom)

		store := slow{memory}
		forgot := make(chan error)
		go func() { forgot <- runner.NewDurable(plan, store).Forget(context.Background(), "x") }()
		synctest.Wait()
		_, retried := runner.NewDurable(plan, store).Retry(t.Context(), "x")
		err = <-forgot
		_, unknown := d.Get(t.Context(), "x")
		require.Equal(t, err == nil, errors.Is(unknown, runner.ErrUnknownExecution), "it says %v", err)
		require.Equal(t, err == nil, errors.Is(retried, runner.ErrUnknownExecution))
	})
}

// What finishes while Recover looks for what is to be forgotten is forgotten in
// its turn.
func TestDurableRetentionOfWhatFinishesDuringRecover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory()
		d := runner.NewDurable(money(nil), slow{memory}, runner.WithRetention(24*time.Hour))
		recovered := make(chan error)
		go func() { _, err := d.Recover(context.Background()); recovered <- err }()
		time.Sleep(90 * time.Minute) // it is looking
		_, err := d.Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
		require.NoError(t, err)
		require.NoError(t, <-recovered)
		time.Sleep(25 * time.Hour)
		_, err = d.Start(t.Context(), books{}, chain.WithID("y")).Wait(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Hour)
		_, err = d.Get(t.Context(), "x")
		require.ErrorIs(t, err, runner.ErrUnknownExecution)
		_, err = d.Get(t.Context(), "y")
		require.NoError(t, err)
	})
}

// broken is a Codec and a Store that panic when told to.
type broken struct {
	*storetest.Memory
	hidden
	encode, decode, read, write bool
}

func (b *broken) Encode(s chain.Snapshot[books]) ([]byte, error) {
	if b.encode {
		panic("encode")
	}
	return b.hidden.Encode(s)
}

func (b *broken) Decode(doc []byte) (chain.Snapshot[books], error) {
	if b.decode {
		panic("decode")
	}
	return b.hidden.Decode(doc)
}

func (b *broken) Records(ctx context.Context, id string) ([]runner.Record, error) {
	if b.read {
		panic("read")
	}
	return b.Memory.Records(ctx, id)
}

func (b *broken) Append(ctx context.Context, r runner.Record) error {
	if b.write {
		panic("write")
	}
	return b.Memory.Append(ctx, r)
}

// A panic of a Codec or a Store stops the execution it is about, not the process.
func TestDurableSurvivesAPanicOfItsCodecOrStore(t *testing.T) {
	for _, what := range []string{"encode", "decode", "read", "write"} {
		t.Run(what, func(t *testing.T) {
			plan := money(nil)
			b := &broken{Memory: storetest.NewMemory()}
			_, err := runner.NewDurable(plan, &counting{Memory: b.Memory, left: 3}, runner.WithCodec(b)).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
			require.ErrorIs(t, err, errDied)

			b.encode, b.decode, b.read, b.write = what == "encode", what == "decode", what == "read", what == "write"
			d := runner.NewDurable(plan, b, runner.WithCodec(b))
			found, err := d.Recover(t.Context())
			for _, h := range found.Resumed {
				_, err = h.Wait(t.Context())
			}
			require.ErrorContains(t, err, "panic: "+what)
			h, err := d.Cancel(t.Context(), "x", nil)
			if err == nil {
				_, err = h.Wait(t.Context())
			}
			require.ErrorContains(t, err, "panic: "+what)

			b.encode, b.decode, b.read, b.write = false, false, false, false
			_, err = d.Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
			if what != "encode" { // whose cancellation was written down
				require.NoError(t, err)
			}
			require.NoError(t, d.Shutdown(t.Context()))
		})
	}
}

func TestDurableWithoutAContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		minute := func(context.Context, *books) error { time.Sleep(time.Minute); return nil }
		d := runner.NewDurable(sagas().Step("a", minute).MustBuild(), storetest.NewMemory())
		h := d.Start(t.Context(), books{}, chain.WithID("x"))
		const refused = "runner: the context is nil"
		var none context.Context
		_, err := h.Wait(none)
		require.EqualError(t, err, refused)
		_, err = d.Get(none, "x")
		require.EqualError(t, err, refused)
		require.EqualError(t, d.Forget(none, "x"), refused)
		for _, err := range d.List(none, runner.Query{}) {
			require.EqualError(t, err, refused)
		}
		require.EqualError(t, d.Shutdown(none), refused)
		_, err = d.Run(t.Context(), books{})
		require.NoError(t, err, "it was not shut down")
		_, err = h.Wait(t.Context())
		require.NoError(t, err)
	})
}

func TestDurableCancelOfOneThatDoesNotRunSaysWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := storetest.NewMemory()
		_, err := runner.NewDurable(money(nil), &counting{Memory: memory, left: 3}).Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
		require.ErrorIs(t, err, errDied)
		time.Sleep(time.Hour)
		h, err := runner.NewDurable(money(nil), &counting{Memory: memory, left: 2}).Cancel(t.Context(), "x", nil)
		require.NoError(t, err)
		_, err = h.Wait(t.Context())
		require.ErrorIs(t, err, errDied)
		records, err := memory.Records(t.Context(), "x")
		require.NoError(t, err)
		require.True(t, time.Now().Equal(records[len(records)-1].Changed))
	})
}

func TestDurableLetsGoOfAnExecutionWhoseIDAStepHasChanged(t *testing.T) {
	store := storetest.NewMemory()
	d := runner.NewDurable(sagas().Named("p").
		Step("a", chain.Do(func(_ context.Context, e *chain.ExecutionContext[books]) error { e.ID = "y"; return nil })).
		Step("b", at("b")).MustBuild(), store)
	_, err := d.Start(t.Context(), books{}, chain.WithID("x")).Wait(t.Context())
	require.ErrorIs(t, err, runner.ErrConflict)
	found, err := d.Recover(t.Context())
	require.NoError(t, err)
	require.Len(t, found.Resumed, 1, "it is not running any more")
	_, err = found.Resumed[0].Wait(t.Context())
	require.ErrorIs(t, err, runner.ErrConflict)
}
