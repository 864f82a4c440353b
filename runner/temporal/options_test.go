package temporal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/temporal"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

func TestOptionsThatCantBe(t *testing.T) {
	c := dial(t)
	plan := chain.New[book]().Named("p").Step("a", writes("a")).MustBuild()
	for says, r := range map[string]*temporal.Runner[book]{
		"the client is nil": temporal.NewRunner(nil, plan),
		"the plan is nil":   temporal.NewRunner[book](c, nil),
		"needs a name":      temporal.NewRunner(c, chain.New[book]().Step("a", writes("a")).MustBuild()),
		"an option of Register was given to NewRunner": temporal.NewRunner(c, plan, temporal.With()),
		"Heartbeat: must be positive":                  temporal.NewRunner(c, plan, temporal.Heartbeat(0)),
		"LostWorkers: must not be negative":            temporal.NewRunner(c, plan, temporal.LostWorkers(-1)),
		"MaxState: must be at least 1":                 temporal.NewRunner(c, plan, temporal.MaxState(0)),
		"MaxHistory: must be at least 1":               temporal.NewRunner(c, plan, temporal.MaxHistory(0)),
		"TaskQueue: the name is empty":                 temporal.NewRunner(c, plan, temporal.TaskQueue("")),
		"StartOptions: nil func":                       temporal.NewRunner(c, plan, temporal.StartOptions(nil)),
		"the zero Runner":                              {},
	} {
		_, err := r.Run(t.Context(), book{})
		require.ErrorContains(t, err, says)
		_, err = r.Start(t.Context(), book{})
		require.ErrorContains(t, err, says)
		_, err = r.Resume(t.Context(), chain.NewExecutionContext(book{}))
		require.ErrorContains(t, err, says)
		h := r.Handle("x")
		_, err = h.Wait(t.Context())
		require.ErrorContains(t, err, says)
		_, err = h.Progress(t.Context())
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, h.Cancel(t.Context(), nil), says)
	}
	_, err := temporal.NewRunner(c, plan).Resume(t.Context(), nil)
	require.ErrorContains(t, err, "the execution to resume is nil")
	_, err = temporal.NewRunner(c, chain.New[map[string]int]().Named("p").Step("a", func(context.Context, *map[string]int) error { return nil }).MustBuild()).Run(t.Context(), nil)
	require.ErrorContains(t, err, "the data is a nil map[string]int")
}

// People find executions by plan and status, and what they have said themselves
// at the start is there as well.
func TestSearchAttributes(t *testing.T) {
	c := dial(t)
	plan := chain.New[book]().Step("a", writes("a")).Step("b", func(context.Context, *book) error { return errors.New("boom") }).
		OnFailure(policy.Compensate).MustBuild()
	r := start(t, c, plan, temporal.SearchAttributes(), temporal.StartOptions(func(o *client.StartWorkflowOptions) {
		o.Memo = map[string]any{"tenant": "7"}
		o.TypedSearchAttributes = sdk.NewSearchAttributes(sdk.NewSearchAttributeKeyKeyword("Tenant").ValueSet("mine"))
	}))
	out, err := r.Run(t.Context(), book{})
	require.ErrorContains(t, err, "boom")
	require.Eventually(t, func() bool {
		found, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Query: `TaskchainStatus = "compensated" AND TaskchainPlan != "" AND Tenant = "mine" AND WorkflowId = "` + out.Context.ID + `"`,
		})
		return err == nil && len(found.Executions) == 1 && found.Executions[0].Memo.Fields["tenant"] != nil
	}, 10*time.Second, 50*time.Millisecond)
}
