package runner_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/internal/durablework"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
)

// BenchmarkDurable is one durable execution of ten steps and 1 KiB of data alone,
// and 64 of them at once, in a journal on the disk of TMPDIR. The floor of the
// disk, 1 KiB written and synced, takes turns with them: floors/step is what a
// step takes as a multiple of it. The tables of BENCHMARKS.md are made by the
// module runner/storebench.
func BenchmarkDurable(b *testing.B) {
	const steps = 10
	for _, atOnce := range []int{1, 64} {
		b.Run(fmt.Sprint(atOnce), func(b *testing.B) {
			dir := b.TempDir()
			floor, err := durablework.NewFloor(dir)
			require.NoError(b, err)
			j, err := journal.Open(dir + "/journal")
			require.NoError(b, err)
			d := runner.NewDurable(durablework.Plan(steps), j)

			var own, floors time.Duration
			done := 0
			b.ReportAllocs()
			for b.Loop() {
				begin := time.Now()
				for range steps {
					require.NoError(b, floor.Append())
				}
				between := time.Now()
				var group sync.WaitGroup
				for range atOnce {
					group.Go(func() {
						for range 1 + atOnce/4 { // long enough for the ragged end not to count
							if _, err := d.Run(b.Context(), durablework.NewOrder()); err != nil {
								b.Error(err)
							}
						}
					})
				}
				group.Wait()
				floors += between.Sub(begin)
				own += time.Since(between)
				done += atOnce * (1 + atOnce/4)
			}
			perStep := float64(own) / float64(done*steps)
			perFloor := float64(floors) / float64(b.N*steps)
			b.ReportMetric(perStep, "ns/step")
			b.ReportMetric(perFloor, "ns/floor")
			b.ReportMetric(perStep/perFloor, "floors/step")
			require.NoError(b, d.Shutdown(b.Context()))
			require.NoError(b, j.Close())
			require.NoError(b, floor.Close())
		})
	}
}
