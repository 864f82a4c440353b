package chain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// Wherever an execution is read piece by piece, the pieces are the whole.
func TestThePiecesOfAnExecutionAreTheWhole(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		fails := func(context.Context, *int) error {
			if random.IntN(3) == 0 {
				return errors.New("fails")
			}
			return nil
		}
		level := func(n int) (b builder.Builder[int]) {
			b = chain.New[int]()
			for i := range n {
				b = b.Step(fmt.Sprint("step ", i), fails).Retry(policy.Fixed(2, 0)).Compensate(fails).Builder
			}
			return b.OnFailure(policy.Failure(random.IntN(3)))
		}
		plan := level(3).Process("p", level(3)).Parallel("q", level(2)).Builder.OnFailure(policy.Failure(random.IntN(3)))
		built, err := plan.Build()
		if err != nil { // OnFailure said twice
			built = chain.New[int]().Process("whole", level(4)).Step("end", fails).OnFailure(policy.Compensate).MustBuild()
		}

		exec := chain.NewExecutionContext(0)
		var parts []chain.Snapshot[int]
		var at chain.Position
		read := func() {
			var part chain.Snapshot[int]
			to := exec.SnapshotSince(at, &part)
			parts, at = append(parts, part), to
		}
		r := runner.NewSync(built, runner.WithObserver(func(ctx context.Context, e chain.Event) {
			if random.IntN(3) == 0 {
				exec.Log(0, "read")
				read()
			}
		}))
		for range 3 { // what has aborted or is stuck goes on, from a fresh begin
			if exec.Status().Finished() {
				break
			}
			parts, at = nil, chain.Position{}
			_, _ = r.Resume(t.Context(), exec)
		}
		read()
		to := exec.SnapshotSince(at, new(chain.Snapshot[int]))
		require.Equal(t, at, to, "nothing is new")

		whole, err := chain.JoinSnapshots(parts...)
		require.NoError(t, err)
		want, err := json.Marshal(exec.Snapshot())
		require.NoError(t, err)
		got, err := json.Marshal(whole)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "seed %d", seed)

		restored, err := chain.Restore(whole)
		require.NoError(t, err)
		outcome, err := restored.Outcome()
		require.Equal(t, exec.Status(), outcome.Status)
		require.Equal(t, exec.Status() == chain.Succeeded, err == nil)
	}
}

func TestJoinSnapshotsOfDifferentExecutions(t *testing.T) {
	_, err := chain.JoinSnapshots[int]()
	require.EqualError(t, err, "taskchain: join: no snapshots")
	_, err = chain.JoinSnapshots(chain.Snapshot[int]{ID: "a"}, chain.Snapshot[int]{ID: "b"})
	require.EqualError(t, err, `taskchain: join: snapshots of two executions, "a" and "b"`)
}

func TestOutcomeOfAnExecutionReadBack(t *testing.T) {
	boom := errors.New("boom")
	plan := chain.New[int]().Named("p").
		Step("a", func(context.Context, *int) error { return nil }).Compensate(func(context.Context, *int) error { return boom }).
		Process("q", chain.New[int]().Step("b", func(context.Context, *int) error { return boom })).
		OnFailure(policy.Compensate).MustBuild()
	out, err := runner.NewSync(plan).Run(t.Context(), 1)
	require.Error(t, err)
	doc, jsonErr := json.Marshal(out.Context)
	require.NoError(t, jsonErr)
	var exec chain.ExecutionContext[int]
	require.NoError(t, json.Unmarshal(doc, &exec))
	again, againErr := exec.Outcome()
	require.EqualError(t, againErr, err.Error())
	require.Equal(t, out.Status, again.Status)
	require.Len(t, again.Failures, 1)
	require.Equal(t, "q/b", again.Failures[0].Path)
	require.Len(t, again.CompensationFailures, 1)
	require.Equal(t, "a", again.CompensationFailures[0].Path)
	require.Equal(t, "p", exec.Plan())
	require.Equal(t, plan.Fingerprint(), exec.Fingerprint())

	_, err = chain.NewExecutionContext(1, chain.WithID("x")).Outcome()
	require.EqualError(t, err, "chain: execution x has not ended: it is pending")
}
