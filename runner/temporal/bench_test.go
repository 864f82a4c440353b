package temporal_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

const benchSteps = 10

// byHand is what one writes without TaskChain: ten activities in a row, of which
// each gets the state and gives it back.
func byHand(ctx workflow.Context, b book) (book, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 24 * time.Hour,
		HeartbeatTimeout:    10 * time.Second,
		WaitForCancellation: true,
		RetryPolicy:         &sdk.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1},
	})
	for i := range benchSteps {
		if err := workflow.ExecuteActivity(ctx, fmt.Sprint("hand/", i), b).Get(ctx, &b); err != nil {
			return b, err
		}
	}
	return b, nil
}

func byHandWorker(t testing.TB, c client.Client, queue string) {
	w := worker.New(c, queue, temporal.Recommended(worker.Options{}))
	w.RegisterWorkflowWithOptions(byHand, workflow.RegisterOptions{Name: "by hand"})
	for i := range benchSteps {
		w.RegisterActivityWithOptions(func(_ context.Context, b book) (book, error) {
			b.Lines = append(b.Lines, fmt.Sprint(i))
			return b, nil
		}, activity.RegisterOptions{Name: fmt.Sprint("hand/", i)})
	}
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

// contestants run ten steps, by a plan and by hand, and say how the execution was
// called.
func contestants(t testing.TB) (plan, hand func() (id string)) {
	c := dial(t)
	b := chain.New[book]()
	for i := range benchSteps {
		b = b.Step(fmt.Sprint(i), writes(fmt.Sprint(i))).Builder
	}
	p, queue := b.MustBuild(), newName()
	w := worker.New(c, queue, temporal.Recommended(worker.Options{}))
	require.NoError(t, temporal.Register(w, p, temporal.Name(queue)))
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	r := temporal.NewRunner(c, p, temporal.Name(queue))
	handQueue := newName()
	byHandWorker(t, c, handQueue)
	ctx, begin := context.Background(), book{Text: strings.Repeat("x", 1<<10)}
	plan = func() string {
		out, err := r.Run(ctx, begin)
		require.NoError(t, err)
		require.Len(t, out.Context.Data.Lines, benchSteps)
		return out.Context.ID
	}
	hand = func() string {
		run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: handQueue}, "by hand", begin)
		require.NoError(t, err)
		var out book
		require.NoError(t, run.Get(ctx, &out))
		require.Len(t, out.Lines, benchSteps)
		return run.GetID()
	}
	return plan, hand
}

// A plan's history has no more events than that of the same activities by hand, and
// fewer bytes, since the data are in it once a step.
func TestEventsOfAPlan(t *testing.T) {
	plan, hand := contestants(t)
	events := func(id string) (n, bytes int) {
		history := dial(t).GetWorkflowHistory(t.Context(), id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for ; history.HasNext(); n++ {
			e, err := history.Next()
			require.NoError(t, err)
			bytes += e.Size()
		}
		return n, bytes
	}
	ours, oursBytes := events(plan())
	theirs, theirsBytes := events(hand())
	t.Logf("by a plan %d events, %d bytes; by hand %d events, %d bytes", ours, oursBytes, theirs, theirsBytes)
	require.LessOrEqual(t, float64(ours), 1.1*float64(theirs))
	require.Less(t, oursBytes, theirsBytes)
}

// The two take turns, so that what else the machine does hits both alike. The
// ratio is of the medians.
func BenchmarkTenSteps(b *testing.B) {
	plan, hand := contestants(b)
	timed := func(run func() string) time.Duration { begin := time.Now(); run(); return time.Since(begin) }
	for range 5 {
		plan()
		hand()
	}
	var ours, theirs []time.Duration
	for b.Loop() {
		ours, theirs = append(ours, timed(plan)), append(theirs, timed(hand))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	mid := len(ours) / 2
	b.ReportMetric(float64(ours[mid].Microseconds())/1000, "ms/plan")
	b.ReportMetric(float64(theirs[mid].Microseconds())/1000, "ms/hand")
	b.ReportMetric(float64(ours[mid])/float64(theirs[mid]), "plan/hand")
}
