package temporal_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

// A depot has a part for each branch, so that branches change disjoint ones.
type depot struct {
	Done map[string][]string
	Text string
}

func stores(branch, what string) builder.StepFunc[depot] {
	return func(_ context.Context, d *depot) error {
		d.Done[branch] = append(d.Done[branch], what)
		return nil
	}
}

// branch is so many steps, each with a compensation.
func branch(name string, steps int) builder.Builder[depot] {
	b := chain.New[depot]()
	for i := range steps {
		b = b.Step(fmt.Sprint(i), stores(name, fmt.Sprint(i))).Compensate(stores(name, fmt.Sprint("undo ", i))).Builder
	}
	return b
}

func newDepot(names ...string) depot {
	d := depot{Done: map[string][]string{}}
	for _, name := range names {
		d.Done[name] = nil
	}
	return d
}

// A run is one history of an execution.
type run struct {
	events, bytes int
	input         string // what it began with
}

// runs are an execution's, the newest first.
func runs(t testing.TB, c client.Client, id string) (all []run) {
	for runID := ""; ; {
		var r run
		history := c.GetWorkflowHistory(context.Background(), id, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for ; history.HasNext(); r.events++ {
			e, err := history.Next()
			require.NoError(t, err)
			r.bytes += e.Size()
			if begin := e.GetWorkflowExecutionStartedEventAttributes(); begin != nil {
				r.input, runID = string(begin.GetInput().GetPayloads()[0].GetData()), begin.GetContinuedExecutionRunId()
			}
		}
		if all = append(all, r); runID == "" {
			return all
		}
	}
}

// Branches that are longer than a history leave it together, with what each has
// changed, nested ones included; and so they do while they are undone.
// TEMPORAL_TEST_STEPS makes it longer.
func TestLongBranches(t *testing.T) {
	steps := number(t, "TEMPORAL_TEST_STEPS", 24)
	forward := chain.New[depot]().Parallel("p", chain.New[depot]().
		Process("x", branch("x", steps)).
		Step("y", stores("y", "alone")).
		Parallel("z", chain.New[depot]().
			Process("u", branch("u", steps)).
			Process("v", branch("v", steps/2))))
	fails := func(context.Context, *depot) error { return errors.New("boom") }
	for name, b := range map[string]builder.Builder[depot]{
		"forward":            forward.Builder,
		"undone":             forward.Step("last", fails).OnFailure(policy.Compensate),
		"undone in a branch": chain.New[depot]().Parallel("p", chain.New[depot]().Process("x", branch("x", steps).Step("fails", fails).OnFailure(policy.Compensate)).Process("y", branch("y", steps).OnFailure(policy.Compensate))).OnFailure(policy.Continue),
	} {
		t.Run(name, func(t *testing.T) {
			c, plan := dial(t), b.MustBuild()
			begin := newDepot("x", "y", "u", "v")
			begin.Text = strings.Repeat("x", 10<<10)
			at := time.Now()
			out, _ := start(t, c, plan, temporal.MaxHistory(max(30, steps))).Run(t.Context(), begin)
			took := time.Since(at)
			begin = newDepot("x", "y", "u", "v")
			begin.Text = strings.Repeat("x", 10<<10)
			local, _ := runner.NewSync(plan).Run(t.Context(), begin)
			require.Equal(t, local.Status, out.Status)
			require.Equal(t, local.Context.Data, out.Context.Data)
			require.ElementsMatch(t, local.Context.Completed(), out.Context.Completed())
			require.ElementsMatch(t, local.Context.Compensated(), out.Context.Compensated())
			require.Len(t, out.Context.Trace(), len(local.Context.Trace()), "nothing is told twice")
			inside, events, bytes, largest := 0, 0, 0, 0
			all := runs(t, c, out.Context.ID)
			for _, r := range all {
				events, bytes, largest = max(events, r.events), bytes+r.bytes, max(largest, len(r.input))
				if strings.Contains(r.input, `"branches":`) {
					inside++
				}
			}
			t.Logf("%v, %d histories, %d begun within a Parallel, at most %d events in one, %d bytes in all, %d bytes taken along at most",
				took.Round(time.Millisecond), len(all), inside, events, bytes, largest)
			require.Greater(t, inside, 2)
		})
	}
}

// A sibling that waits before its next attempt loses nothing: its attempts go on
// counting, and what the failed one has changed is there.
func TestADelayBesideALongBranch(t *testing.T) {
	plan := chain.New[depot]().Parallel("p", chain.New[depot]().
		Step("waits", func(ctx context.Context, d *depot) error {
			info, _ := chain.StepFrom(ctx)
			d.Done["waits"] = append(d.Done["waits"], fmt.Sprint(info.Attempt))
			if info.Attempt < 3 {
				return errDeclined
			}
			return nil
		}).Retry(policy.Fixed(3, 1500*time.Millisecond)).
		Process("x", branch("x", 20))).MustBuild()
	c := dial(t)
	out, err := start(t, c, plan, temporal.MaxHistory(20)).Run(t.Context(), newDepot("waits", "x"))
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2", "3"}, out.Context.Data.Done["waits"])
	require.Greater(t, len(runs(t, c, out.Context.ID)), 3)
}

// One that is at work for long is waited for, but not for ever, and the others go
// on in the old history.
func TestAStepThatOutlastsAHistory(t *testing.T) {
	release := make(chan struct{})
	plan := chain.New[depot]().Parallel("p", chain.New[depot]().
		Step("long", func(_ context.Context, d *depot) error {
			<-release // the very step of its sibling that waits for it
			return nil
		}).
		Process("x", branch("x", 10).Step("releases", func(context.Context, *depot) error { close(release); return nil }))).MustBuild()
	out, err := start(t, dial(t), plan, temporal.MaxHistory(60)).Run(t.Context(), newDepot("x"))
	require.NoError(t, err)
	require.Len(t, out.Context.Data.Done["x"], 10)
}

// What a Parallel could not merge is a failure in the next history, too, where its
// compensations go on.
func TestAConflictGoesOnInANewHistory(t *testing.T) {
	set := func(text string) builder.StepFunc[depot] {
		return func(_ context.Context, d *depot) error { d.Text = text; return nil }
	}
	undo := func(text string) builder.StepFunc[depot] { return stores("undone", text) }
	plan := chain.New[depot]().Parallel("p", chain.New[depot]().
		Step("x", set("x")).Compensate(undo("x")).
		Step("y", set("y")).Compensate(undo("y")).
		Step("z", set("z")).Compensate(undo("z")).OnFailure(policy.Compensate)).MustBuild()
	out, err := start(t, dial(t), plan, temporal.MaxHistory(5)).Run(t.Context(), newDepot("undone"))
	require.ErrorContains(t, err, `branches "x" and "y" and "z" have set data.Text differently`)
	require.Equal(t, chain.Aborted, out.Status)
	require.ElementsMatch(t, []string{"x", "y", "z"}, out.Context.Data.Done["undone"])
	require.Len(t, out.Context.Compensated(), 3)
}

// A cancellation is one in the next history, too.
func TestACancellationGoesOnInANewHistory(t *testing.T) {
	steps := chain.New[depot]().Parallel("p", chain.New[depot]().
		Process("x", branch("x", 10).Step("stops", func(ctx context.Context, _ *depot) error { <-ctx.Done(); return context.Cause(ctx) }).OnFailure(policy.Compensate)).
		Process("y", branch("y", 10).Step("stops", func(ctx context.Context, _ *depot) error { <-ctx.Done(); return context.Cause(ctx) }).OnFailure(policy.Compensate))).
		OnFailure(policy.Compensate).MustBuild()
	c := dial(t)
	h, err := start(t, c, steps, temporal.MaxHistory(30)).Start(t.Context(), newDepot("x", "y"), id())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		p, err := h.Progress(t.Context())
		return err == nil && p.Completed == 20 && len(p.Underway) == 2
	}, 30*time.Second, 20*time.Millisecond)
	require.NoError(t, h.Cancel(t.Context(), errors.New("no more")))
	out, err := h.Wait(t.Context())
	require.ErrorContains(t, err, "no more")
	require.Equal(t, chain.Compensated, out.Status)
	require.Len(t, out.Context.Compensated(), 20)
	require.Greater(t, len(runs(t, c, h.ID())), 2)
}

// A Parallel of more branches than may be at work at once begins with the first of
// them. TEMPORAL_TEST_BRANCHES makes it larger.
func TestManyBranches(t *testing.T) {
	n := number(t, "TEMPORAL_TEST_BRANCHES", 520)
	var working, most atomic.Int64
	inside := chain.New[depot]()
	for i := range n {
		inside = inside.Step(fmt.Sprint(i), func(_ context.Context, d *depot) error {
			most.Store(max(most.Load(), working.Add(1)))
			defer working.Add(-1)
			d.Done[fmt.Sprint(i)] = []string{"done"}
			return nil
		}).Builder
	}
	plan := chain.New[depot]().Parallel("p", inside).MustBuild()
	c := dial(t)
	at := time.Now()
	out, err := start(t, c, plan).Run(t.Context(), newDepot())
	require.NoError(t, err)
	require.Len(t, slices.Collect(maps.Keys(out.Context.Data.Done)), n)
	for i, r := range runs(t, c, out.Context.ID) {
		t.Logf("history %d: %d events, %d bytes, began with %d bytes", i, r.events, r.bytes, len(r.input))
	}
	t.Logf("%d branches took %v", n, time.Since(at).Round(time.Millisecond))
}

// The data of many branches at once are more than one message to the server may
// have.
func TestBranchesWithMuchData(t *testing.T) {
	inside := chain.New[depot]()
	for i := range 12 {
		inside = inside.Step(fmt.Sprint(i), func(_ context.Context, d *depot) error {
			d.Done[fmt.Sprint(i)] = []string{"done"}
			return nil
		}).Builder
	}
	plan := chain.New[depot]().Parallel("p", inside).MustBuild()
	begin := newDepot()
	begin.Text = strings.Repeat("x", 500<<10)
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	out, err := start(t, dial(t), plan).Run(ctx, begin)
	require.NoError(t, err)
	require.Len(t, out.Context.Data.Done, 12)
}
