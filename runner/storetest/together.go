package storetest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/taskchain-go/taskchain/runner"
)

var togetherCases = []storeCase{
	{
		name: "AStoreIsComparable",
		why:  "runners of one process know by == whether they share a store",
		run: func(k *kit) {
			k.NotPanics(func() { _ = map[runner.Store]bool{k.store: true} })
		},
	},
	{
		name: "ExecutionsAppendAtOnce",
		why:  "executions run at once and share a store; what one of them is told is kept must be",
		run: func(k *kit) {
			const executions, records = 16, 20
			errs := atOnce(executions, func(i int) error {
				id := fmt.Sprint("e", i)
				for seq := range records {
					r := record(id, seq)
					r.Whole = seq%7 == 5
					if err := k.store.Append(k.ctx(), r); err != nil {
						return err
					}
					read, err := k.store.Records(k.ctx(), id)
					if err != nil {
						return err
					}
					if len(read) == 0 || read[len(read)-1].Seq != seq {
						return fmt.Errorf("record %d of execution %s was appended, and is not what is read last", seq, id)
					}
				}
				return nil
			})
			k.NoError(errors.Join(errs...))
			for i := range executions {
				for seq := range records {
					r := record(fmt.Sprint("e", i), seq)
					if r.Whole = seq%7 == 5; r.Whole {
						k.want[r.ID] = nil
					}
					k.want[r.ID] = append(k.want[r.ID], r)
				}
			}
			k.check()
		},
	},
	{
		name: "OfTwoThatAppendTheSameOneWins",
		why:  "two that believe to own an execution may find out at the same moment",
		run: func(k *kit) {
			const rivals, rounds = 4, 50
			for seq := range rounds {
				errs := atOnce(rivals, func(i int) error {
					r := record("a", seq)
					r.Body = fmt.Appendf(nil, "%d by %d", seq, i)
					return k.store.Append(k.ctx(), r)
				})
				winners := 0
				for i, err := range errs {
					if err == nil {
						winners++
						r := record("a", seq)
						r.Body = fmt.Appendf(nil, "%d by %d", seq, i)
						k.want["a"] = append(k.want["a"], r)
						continue
					}
					k.ErrorIs(err, runner.ErrConflict)
				}
				k.Equal(1, winners, "of %d that append record %d, those that were told it is kept", rivals, seq)
			}
			k.check()
		},
	},
	{
		name: "ReadersSeeNoHalves",
		why:  "whoever looks at an execution that runs sees it as it was at some moment",
		run: func(k *kit) {
			const records = 62 // the last two are not Whole
			stop := make(chan struct{})
			var readers sync.WaitGroup
			var seen error
			readers.Go(func() {
				for seen == nil {
					select {
					case <-stop:
						seen = k.soundReading("a")
						return
					default:
						seen = k.soundReading("a")
					}
				}
			})
			func() {
				defer readers.Wait()
				defer close(stop) // even if an append fails
				for seq := range records {
					r := record("a", seq)
					r.Whole = seq%4 == 3
					k.add(r)
				}
			}()
			k.NoError(seen)
			k.check()
		},
	},
}

// atOnce calls f with 0 to n-1, all at the same time.
func atOnce(n int, f func(int) error) []error {
	var (
		ready, done sync.WaitGroup
		errs        = make([]error, n)
	)
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			errs[i] = f(i)
		})
	}
	done.Wait()
	return errs
}

// soundReading reads an execution once, and lists it.
func (k *kit) soundReading(id string) error {
	read, err := k.store.Records(k.ctx(), id)
	if err != nil {
		return err
	}
	for i, r := range read {
		if i > 0 && (r.Seq != read[i-1].Seq+1 || r.Whole) || i == 0 && r.Seq > 0 && !r.Whole {
			return fmt.Errorf("record %d, Whole: %t, is what was read as number %d of %d records", r.Seq, r.Whole, i, len(read))
		}
		if want := string(record(id, r.Seq).Body); string(r.Body) != want {
			return fmt.Errorf("the body of record %d: want %q, got %q", r.Seq, want, r.Body)
		}
	}
	for h, err := range k.store.List(k.ctx(), runner.Query{}) {
		if err != nil {
			return err
		}
		if h.ID != id || h.Plan != record(id, 0).Plan {
			return fmt.Errorf("List tells of %+v", h)
		}
	}
	return nil
}
