package temporal_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdk "go.temporal.io/sdk/temporal"

	"github.com/taskchain-go/taskchain/builder"
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
	}))
	out, err := r.Run(t.Context(), book{})
	require.ErrorContains(t, err, "boom")
	require.Eventually(t, func() bool {
		found, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Query: `TaskchainStatus = "compensated" AND WorkflowId = "` + out.Context.ID + `"`,
		})
		return err == nil && len(found.Executions) == 1 && found.Executions[0].Memo.Fields["tenant"] != nil
	}, 10*time.Second, 50*time.Millisecond)
}

// What the client's data converter hides is hidden in the whole history.
func TestADataConverterIsKept(t *testing.T) {
	dial(t)
	hiding := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}))
	c, err := client.Dial(client.Options{HostPort: server.FrontendHostPort(), Logger: quiet(), DataConverter: hiding,
		FailureConverter: sdk.NewDefaultFailureConverter(sdk.DefaultFailureConverterOptions{DataConverter: hiding, EncodeCommonAttributes: true})})
	require.NoError(t, err)
	defer c.Close()
	secret := func(text string, err error) builder.StepFunc[book] {
		return func(_ context.Context, b *book) error { b.Text += text; return err }
	}
	plan := chain.New[book]().Step("a", secret("secret", nil)).Compensate(secret("secret", nil)).
		Step("b", secret("secret", errors.New("a secret error"))).OnFailure(policy.Compensate).MustBuild()
	out, err := start(t, c, plan).Run(t.Context(), book{Text: "secret"})
	require.ErrorContains(t, err, "a secret error")
	require.Equal(t, strings.Repeat("secret", 4), out.Context.Data.Text)
	history := c.GetWorkflowHistory(t.Context(), out.Context.ID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for n := 0; history.HasNext(); n++ {
		e, err := history.Next()
		require.NoError(t, err)
		require.NotContains(t, e.String(), "secret")
	}
}
