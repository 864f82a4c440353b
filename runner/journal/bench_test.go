package journal_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
)

func recordOf(id string, seq int, body []byte) runner.Record {
	return runner.Record{
		Head: runner.Head{ID: id, Plan: "checkout", Fingerprint: "0123456789abcdef", Status: chain.Running, Begun: time.Unix(1, 1), Changed: time.Unix(1, 1)},
		Seq:  seq, Body: body,
	}
}

// floor is what the disk needs at least: 1 KiB written behind the last one, and
// synced.
func floor(b *testing.B, n int) time.Duration {
	folder, err := disk.At(b.TempDir())
	require.NoError(b, err)
	f, err := folder.Create("floor")
	require.NoError(b, err)
	defer f.Close()
	kib := make([]byte, 1024)
	begin := time.Now()
	for i := range n {
		_, err := f.WriteAt(kib, int64(i)*1024)
		require.NoError(b, err)
		require.NoError(b, f.Sync())
	}
	return time.Since(begin) / time.Duration(n)
}

// BenchmarkAppend appends records of 1 KiB by 1 and by 64 executions at once, and
// compares: floors/op is the time of an append as a multiple of the disk's floor
// in the same run.
func BenchmarkAppend(b *testing.B) {
	for _, executions := range []int{1, 64} {
		b.Run(fmt.Sprint(executions), func(b *testing.B) {
			j := open(b, b.TempDir())
			before := floor(b, 500)
			var ids atomic.Int64
			b.SetParallelism(max(1, executions/runtime.GOMAXPROCS(0)))
			b.ResetTimer()
			work := func(next func() bool) {
				id, body := fmt.Sprint("e", ids.Add(1)), make([]byte, 1024)
				for seq := 0; next(); seq++ {
					r := recordOf(id, seq, body)
					r.Whole = seq%50 == 49
					if err := j.Append(b.Context(), r); err != nil {
						b.Error(err)
						return
					}
				}
			}
			if executions == 1 {
				work(b.Loop)
			} else {
				b.RunParallel(func(pb *testing.PB) { work(pb.Next) })
			}
			b.StopTimer()
			after := floor(b, 500)
			each := b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(float64(each)/float64((before+after)/2), "floors/op")
		})
	}
}

// BenchmarkOpen opens a journal of 100,000 finished executions, of which one
// record of 2 KB is left each, and 1,000 unfinished ones of 11 records, and lists
// and reads the unfinished ones.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	j := open(b, dir)
	const finished, unfinished, records = 100_000, 1_000, 11
	var next atomic.Int64
	var writers sync.WaitGroup
	for range 64 {
		writers.Go(func() {
			for i := next.Add(1); i <= finished+unfinished; i = next.Add(1) {
				for seq := range records {
					r := recordOf(fmt.Sprint("execution-", i), seq, make([]byte, 2000))
					if i <= finished {
						r.Status, r.Whole = chain.Succeeded, true
					}
					if err := j.Append(b.Context(), r); err != nil {
						b.Error(err)
						return
					}
					if i <= finished {
						break
					}
				}
			}
		})
	}
	writers.Wait()
	require.NoError(b, j.Close())
	for b.Loop() {
		j := open(b, dir)
		read := 0
		for h, err := range j.List(b.Context(), runner.Query{Statuses: runner.Unfinished()}) {
			require.NoError(b, err)
			found, err := j.Records(b.Context(), h.ID)
			require.NoError(b, err)
			read += len(found)
		}
		require.Equal(b, unfinished*records, read)
		require.NoError(b, j.Close())
	}
}
