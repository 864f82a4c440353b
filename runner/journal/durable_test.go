package journal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
	"github.com/taskchain-go/taskchain/runner/journal/internal/faultfs"
)

// A parcel is the data of an execution.
type parcel struct{ Notes []string }

// An outside is the world in which the steps have their effects. It outlives every
// crash.
type outside struct {
	calls   map[string][]string // by execution: the steps that were called, each where it came first
	asked   map[string]int      // calls by key
	held    map[string]bool     // effects by key
	done    map[string]string   // by execution: the key that was done last
	settled map[string]bool     // keys that are done and were written down
	wrong   []string
}

func newOutside() *outside {
	return &outside{map[string][]string{}, map[string]int{}, map[string]bool{}, map[string]string{}, map[string]bool{}, nil}
}

// call is what every step and compensation does. An attempt is made when all
// before it is safe.
func (o *outside) call(ctx context.Context, p *parcel) error {
	step, _ := chain.StepFrom(ctx)
	id, key := step.ExecutionID, step.IdempotencyKey()
	if o.settled[key] {
		o.wrong = append(o.wrong, key+" was called again, and had been written down")
	}
	o.settle(id)
	o.asked[key]++
	if o.asked[key] == 1 {
		o.calls[id] = append(o.calls[id], key)
	}
	what := step.Path + " " + step.Phase.String()
	switch {
	case what == "pay/hold forward" && o.asked[key] == 1:
		return errors.New("busy")
	case what == "ship forward" && strings.HasPrefix(id, "bad"):
		o.held[key] = true // and the answer is lost
		return policy.Permanent(errors.New("no answer"))
	case what == "reserve compensation" && o.asked[key] <= 2:
		return errors.New("stuck")
	}
	if forward, is := strings.CutSuffix(key, "//compensation"); is {
		delete(o.held, forward)
	} else {
		o.held[key] = true
	}
	p.Notes = append(p.Notes, what)
	o.done[id] = key
	return nil
}

// settle says that what was done last has been written down.
func (o *outside) settle(id string) {
	if key := o.done[id]; key != "" {
		o.settled[key] = true
	}
}

func (o *outside) plan() *builder.Plan[parcel] {
	return chain.New[parcel]().Named("parcels").
		Step("reserve", o.call).Compensate(o.call).
		Process("pay", chain.New[parcel]().
			Step("hold", o.call).Retry(policy.Fixed(2, time.Second)).Compensate(o.call).
			Step("fee", o.call)).
		Step("ship", o.call).Compensate(o.call).CompensateOnFailure().
		OnFailure(policy.Compensate).MustBuild()
}

// parcels are the executions: one goes well, of the other one a compensation gets
// stuck twice.
var parcels = []string{"good", "bad"}

// run begins each of the executions, or finds it, and sees it through. It stops
// where something can't be written.
func (o *outside) run(ctx context.Context, d *runner.Durable[parcel]) (ends map[string]chain.Outcome[parcel], err error) {
	ends = map[string]chain.Outcome[parcel]{}
	for _, id := range parcels {
		handle := d.Start(ctx, parcel{}, chain.WithID(id))
		for {
			out, err := handle.Wait(ctx)
			if errors.Is(err, journal.ErrFailed) {
				return ends, err
			}
			o.settle(id) // the end is told when it is safe
			ends[id] = out
			if out.Status != chain.Stuck {
				break
			}
			if handle, err = d.Retry(ctx, id); err != nil {
				return ends, err
			}
		}
	}
	return ends, nil
}

// whole is a run in which nothing fails.
func whole(t *testing.T, d *faultfs.Disk) (*outside, map[string]chain.Outcome[parcel]) {
	o := newOutside()
	j := openOn(t, d)
	ends, err := o.run(t.Context(), runner.NewDurable(o.plan(), j))
	require.NoError(t, err)
	require.NoError(t, j.Close())
	require.Equal(t, chain.Succeeded, ends["good"].Status)
	require.Equal(t, chain.Compensated, ends["bad"].Status)
	return o, ends
}

// A durableTest compares executions on a disk that fails with those on one that
// does not.
type durableTest struct {
	*testing.T
	outside *outside
	ends    map[string]chain.Outcome[parcel]
	failed  int
}

// try runs the executions on a disk with a fault, and then, with what a crash or a
// power cut leaves of it, to the end.
func (t *durableTest) try(f faultfs.Fault, powerCut bool) {
	what := fmt.Sprintf("%+v, power cut: %t", f, powerCut)
	d, o := faultfs.New(), newOutside()
	d.Fail(f)
	said := map[string]chain.Outcome[parcel]{}
	if j, err := journal.OpenIn(d, small); err == nil {
		said, err = o.run(t.Context(), runner.NewDurable(o.plan(), j))
		_ = j.Close()
		require.True(t, err == nil || d.Failed(), what)
	}
	if !d.Failed() {
		return // what runs beside the writing is not the same each time
	}
	t.failed++
	left := d.Crash()
	if powerCut {
		random := rand.New(rand.NewPCG(uint64(f.Byte), uint64(f.Op)))
		left = d.PowerCut(random.IntN(3), func(string, int) bool { return random.IntN(2) == 0 })
	}
	t.goOn(left, o, said, what)
}

// goOn runs the executions to the end. said is what was told of ends before.
func (t *durableTest) goOn(left *faultfs.Disk, o *outside, said map[string]chain.Outcome[parcel], what string) {
	j := openOn(t, left)
	d := runner.NewDurable(o.plan(), j)
	for id, calls := range o.calls {
		exec, err := d.Get(t.Context(), id)
		require.NoError(t, err, "%s: %s was called, and is forgotten: %v", what, id, calls)
		if told := said[id]; told.Status.Finished() {
			require.Equal(t, told.Status, exec.Status(), what)
			require.Equal(t, told.Context.Data, exec.Data, what)
		}
	}
	found, err := d.Recover(t.Context())
	require.NoError(t, err, what)
	for _, handle := range found.Resumed {
		_, _ = handle.Wait(t.Context()) // run has its end
	}
	for head, err := range d.List(t.Context(), runner.Query{Statuses: []chain.Status{chain.Running, chain.Compensating}}) {
		require.NoError(t, err, what)
		require.Fail(t, "Recover has left an execution unfinished", "%s: %+v", what, head)
	}
	ends, err := o.run(t.Context(), d)
	require.NoError(t, err, what)
	require.NoError(t, j.Close(), what)

	require.Empty(t, o.wrong, what)
	require.Equal(t, t.outside.calls, o.calls, what)
	require.Equal(t, t.outside.held, o.held, what)
	for id, end := range ends {
		want := t.ends[id]
		require.Equal(t, want.Status, end.Status, "%s: %s", what, id)
		require.Equal(t, want.Context.Completed(), end.Context.Completed(), "%s: %s", what, id)
		notes := slices.Compact(end.Context.Data.Notes)
		require.ElementsMatch(t, want.Context.Data.Notes, notes, "%s: %s", what, id)
	}
}

// Each write of a durable runner's journal ends before each of its bytes: whatever
// is left of the disk, the executions come to the end that they would have come
// to, what was told is true, and what was written down is not done again.
func TestExecutionsWhoseWritesAreCutShort(t *testing.T) {
	t.Parallel()
	stride := int64(1)
	if testing.Short() || raceDetector {
		stride = 47
	}
	synctest.Test(t, func(t *testing.T) {
		d := faultfs.New()
		o, ends := whole(t, d)
		dt := &durableTest{T: t, outside: o, ends: ends}
		at, cuts := int64(1), 0
		for _, n := range d.Writes() {
			each := stride
			if n >= 4<<10 {
				each *= 509 // zeros
			}
			for b := at; b < at+n; b += each {
				dt.try(faultfs.Fault{Byte: b, Err: syscall.ENOSPC, Dead: cuts%2 == 0}, cuts/2%2 == 0)
				cuts++
			}
			at += n
		}
		require.Greater(t, dt.failed, cuts*9/10)
		t.Logf("cut short at %d places of %d writes; went on %d times", cuts, len(d.Writes()), dt.failed)
	})
}

// Each write, sync and change of a name fails, once, or all from there on.
func TestExecutionsWhoseSyncsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := faultfs.New()
		o, ends := whole(t, d)
		dt := &durableTest{T: t, outside: o, ends: ends}
		ops, _ := d.Count()
		for op := range ops {
			for _, dead := range []bool{true, false} {
				for _, powerCut := range []bool{true, false} {
					dt.try(faultfs.Fault{Op: op + 1, Err: syscall.EIO, Dead: dead}, powerCut)
				}
			}
		}
		require.Greater(t, dt.failed, 3*ops)
		t.Logf("failed at %d operations; went on %d times", ops, dt.failed)
	})
}
