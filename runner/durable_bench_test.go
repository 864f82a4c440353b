package runner_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/internal/durablework"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
)

// BenchmarkDurable is durable executions of ten steps and 1 KiB of data in a
// journal on the disk of TMPDIR, for profiles. What they are compared with takes
// turns with them: alone, the floor of the disk, 1 KiB written and synced, of
// which a step takes floors/step; 64 at once, one alone, of which they have
// times-alone the throughput. The tables of BENCHMARKS.md are made by the module
// runner/storebench.
func BenchmarkDurable(b *testing.B) {
	const (
		steps  = 10
		atOnce = 64
	)
	start := func(b *testing.B) (d *runner.Durable[durablework.Order], dir string) {
		dir = b.TempDir()
		j, err := journal.Open(dir + "/journal")
		require.NoError(b, err)
		d = runner.NewDurable(durablework.Plan(steps), j)
		b.Cleanup(func() {
			require.NoError(b, d.Shutdown(context.Background()))
			require.NoError(b, j.Close())
		})
		return d, dir
	}
	executions := func(b *testing.B, d *runner.Durable[durablework.Order], n int) time.Duration {
		begin := time.Now()
		for range n {
			if _, err := d.Run(b.Context(), durablework.NewOrder()); err != nil {
				b.Error(err)
			}
		}
		return time.Since(begin)
	}

	b.Run("alone", func(b *testing.B) {
		d, dir := start(b)
		floor, err := durablework.NewFloor(dir)
		require.NoError(b, err)
		defer floor.Close()
		var alone, floors time.Duration
		for b.Loop() {
			begin := time.Now()
			for range steps {
				require.NoError(b, floor.Append())
			}
			floors += time.Since(begin)
			alone += executions(b, d, 1)
		}
		b.ReportMetric(float64(alone.Nanoseconds())/float64(b.N*steps), "ns/step")
		b.ReportMetric(float64(alone)/float64(floors), "floors/step")
	})
	b.Run("64", func(b *testing.B) {
		const each = 16 // so many that their ragged end does not count
		d, _ := start(b)
		var alone, together time.Duration
		for b.Loop() {
			alone += executions(b, d, each)
			begin := time.Now()
			var group sync.WaitGroup
			for range atOnce {
				group.Go(func() { executions(b, d, each) })
			}
			group.Wait()
			together += time.Since(begin)
		}
		b.ReportMetric(float64(together.Nanoseconds())/float64(b.N*atOnce*each*steps), "ns/step")
		b.ReportMetric(atOnce*float64(alone)/float64(together), "times-alone")
	})
}
