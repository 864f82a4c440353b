package otel_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func TestMetrics(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		w := newWatch(t)
		again := 0
		plan := steps().
			Step("charge", pass).Compensate(pass).
			Process("fulfil", chain.New[order]().Step("ship", func(context.Context, *order) error {
				if again++; again <= 2 {
					return errBoom
				}
				return nil
			}).Retry(policy.Fixed(2, 0)).Compensate(fail).CompensateOnFailure()).
			OnFailure(policy.Compensate).MustBuild()
		r := run(plan, w.option)
		_, err := r.Run(t.Context(), order{})
		require.Error(t, err, "it fails twice, and its compensation as well")
		_, err = r.Run(t.Context(), order{})
		require.NoError(t, err)

		for name, want := range map[string][]string{
			"taskchain.executions": {"status=stuck,plan.name=checkout 1", "status=succeeded,plan.name=checkout 1"},
			"taskchain.execution.duration": {
				"status=stuck,plan.name=checkout 1", "status=succeeded,plan.name=checkout 1"},
			"taskchain.active_executions": {"plan.name=checkout 0"},
			"taskchain.step.duration": {
				"error.type=*errors.errorString,plan.name=checkout,outcome=compensation_failed,path=fulfil/ship,phase=compensation 1",
				"error.type=*errors.errorString,plan.name=checkout,outcome=failed,path=fulfil/ship,phase=forward 1",
				"plan.name=checkout,outcome=compensated,path=charge,phase=compensation 1",
				"plan.name=checkout,outcome=succeeded,path=charge,phase=forward 2",
				"plan.name=checkout,outcome=succeeded,path=fulfil/ship,phase=forward 1",
			},
			"taskchain.retries": {"plan.name=checkout,path=fulfil/ship,phase=forward 1"},
			"taskchain.compensations": {
				"error.type=*errors.errorString,plan.name=checkout,outcome=compensation_failed,path=fulfil/ship,phase=compensation 1",
				"plan.name=checkout,outcome=compensated,path=charge,phase=compensation 1",
			},
		} {
			got := w.measured(name)
			for i := range got {
				got[i] = strings.NewReplacer("taskchain.execution.", "", "taskchain.step.", "", "taskchain.", "").Replace(got[i])
			}
			require.Equal(t, want, got, name)
		}
	})
}

func TestDurationsAreInSecondsWithTheWaits(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		w := newWatch(t)
		synctest.Test(t, func(t *testing.T) {
			plan := steps().Step("a", failTimes(1)).Retry(policy.Fixed(2, 3*time.Second)).Step("b", pass).MustBuild()
			_, err := run(plan, w.option).Run(t.Context(), order{})
			require.NoError(t, err)
		})
		var all metricdata.ResourceMetrics
		require.NoError(t, w.metrics.Collect(t.Context(), &all))
		sums := map[string]float64{}
		for _, m := range all.ScopeMetrics[0].Metrics {
			if data, ok := m.Data.(metricdata.Histogram[float64]); ok {
				require.Equal(t, "s", m.Unit)
				for _, p := range data.DataPoints {
					sums[m.Name] += p.Sum
				}
			}
		}
		require.Equal(t, map[string]float64{"taskchain.execution.duration": 3, "taskchain.step.duration": 3}, sums)
	})
}

func TestExecutionsInFlight(t *testing.T) {
	w := newWatch(t)
	enough := make(chan struct{})
	plan := steps().Step("wait", func(context.Context, *order) error { <-enough; return nil }).MustBuild()
	begun := make(chan struct{}, 3)
	r := runner.NewAsync(plan, w.option, runner.WithObserver(func(_ context.Context, e chain.Event) {
		if e.Kind == chain.KindStarted {
			begun <- struct{}{}
		}
	}))
	for range 3 {
		r.Start(t.Context(), order{})
		<-begun
	}
	require.Equal(t, []string{"taskchain.plan.name=checkout 3"}, w.measured("taskchain.active_executions"))
	close(enough)
	require.NoError(t, r.Shutdown(t.Context()))
	require.Equal(t, []string{"taskchain.plan.name=checkout 0"}, w.measured("taskchain.active_executions"))
	require.Equal(t, []string{"taskchain.execution.status=succeeded,taskchain.plan.name=checkout 3"}, w.measured("taskchain.executions"))
}

// Without a tracer's or meter's provider there is nothing to tell, and nothing
// to go wrong.
func TestWithoutProviders(t *testing.T) {
	plan := steps().Step("a", failTimes(1)).Retry(policy.Fixed(2, 0)).Step("b", fail).MustBuild()
	_, err := runner.NewSync(plan, plainInstrument()).Run(t.Context(), order{})
	require.True(t, errors.Is(err, errBoom))
}
