package temporal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

var update = flag.Bool("update", false, "record the histories in testdata anew; only for a version that was never released")

// TestRecordHistories records what TestRecordedHistories replays.
func TestRecordHistories(t *testing.T) {
	if !*update {
		t.Skip("only with -update")
	}
	c := dial(t)
	fails := func(context.Context, *book) error { return errors.New("boom") }
	reads := func(_ context.Context, b *book) error { b.Text += "x"; return nil }
	undo := func(line string) builder.Builder[book] {
		return chain.New[book]().Step(line, writes(line)).Compensate(writes("undo " + line)).Builder
	}
	completedA := func(id string) bool {
		value, err := c.QueryWorkflow(t.Context(), id, "", "taskchain.progress")
		var p chain.Progress
		return err == nil && value.Get(&p) == nil && p.Completed == 1
	}
	inADelay := func(id string) bool { return waits(pendingOf(t, c, id), 2) }
	for name, tt := range map[string]struct {
		plan   builder.Builder[book]
		opts   []temporal.Option
		cancel func(id string) bool // when it holds
	}{
		"succeeded":   {plan: undo("a").Step("b", writes("b")).When(func(context.Context, *book) bool { return false }).Process("p", undo("c")).Builder},
		"compensated": {plan: undo("a").Process("p", undo("b").Step("c", fails)).OnFailure(policy.Compensate)},
		"parallel": {plan: undo("a").Parallel("p", chain.New[book]().
			Step("x", func(_ context.Context, b *book) error { b.Text = "x"; return nil }).
			Process("y", undo("y1").Step("y2", writes("y2")))).Builder},
		"retried":   {plan: chain.New[book]().Step("a", fails).Retry(policy.Fixed(2, 1100*time.Millisecond)).Within(time.Minute)},
		"cancelled": {plan: undo("a").Step("stops", stops).OnFailure(policy.Compensate), cancel: completedA},
		"delayed":   {plan: undo("a").Step("b", fails).Compensate(writes("undo b")).CompensateOnFailure().Retry(policy.Fixed(2, time.Minute)).OnFailure(policy.Compensate), cancel: inADelay},
		"continued": {plan: undo("a").Process("p", undo("b").Step("c", writes("c"))).Step("d", fails).OnFailure(policy.Compensate),
			opts: []temporal.Option{temporal.MaxHistory(14)}},
		"continued_in_a_parallel": {plan: undo("a").Parallel("p", chain.New[book]().
			Process("x", chain.New[book]().Step("x1", reads).Step("x2", reads).Step("x3", reads).Step("x4", reads)).
			Process("y", undo("y1").Step("y2", writes("y2")).Step("y3", writes("y3")))).Builder,
			opts: []temporal.Option{temporal.MaxHistory(24)}},
	} {
		plan, queue := tt.plan.MustBuild(), newName()
		work(t, c, queue, plan, temporal.Name("recorded"))
		opts := append([]temporal.Option{temporal.Name("recorded"), temporal.TaskQueue(queue), temporal.Heartbeat(time.Second)}, tt.opts...)
		h, err := temporal.NewRunner(c, plan, opts...).Start(t.Context(), book{}, id())
		require.NoError(t, err)
		if tt.cancel != nil {
			require.Eventually(t, func() bool { return tt.cancel(h.ID()) }, 10*time.Second, 10*time.Millisecond)
			require.NoError(t, h.Cancel(t.Context(), errors.New("by the test")))
		}
		_, _ = h.Wait(t.Context())
		record(t, c, h.ID(), filepath.Join("testdata", "histories", "v1", name+".json"))
	}
}

// record writes the history of an execution's last run.
func record(t *testing.T, c client.Client, id, file string) {
	whole := &historypb.History{}
	history := c.GetWorkflowHistory(t.Context(), id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		e, err := history.Next()
		require.NoError(t, err)
		whole.Events = append(whole.Events, e)
	}
	doc, err := protojson.Marshal(whole)
	require.NoError(t, err)
	doc = regexp.MustCompile(`"identity": *"[^"]*"`).ReplaceAll(doc, []byte(`"identity":"recorded"`))
	var lines bytes.Buffer
	require.NoError(t, json.Indent(&lines, doc, "", " "))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, append(lines.Bytes(), '\n'), 0o644))
}
