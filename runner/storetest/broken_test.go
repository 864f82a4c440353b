package storetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// The stores below are wrong on purpose, each in one way: a right one that says
// something else in one place.

// altered is a Memory of which some methods are others.
type altered struct {
	*Memory
	append  func(m *Memory, r runner.Record) error
	records func(m *Memory, id string) ([]runner.Record, error)
	list    func(m *Memory, q runner.Query) iter.Seq2[runner.Head, error]
	forget  func(m *Memory, id string) error
}

func (a *altered) Append(ctx context.Context, r runner.Record) error {
	if a.append != nil {
		return a.append(a.Memory, r)
	}
	return a.Memory.Append(ctx, r)
}

func (a *altered) Records(ctx context.Context, id string) ([]runner.Record, error) {
	if a.records != nil {
		return a.records(a.Memory, id)
	}
	return a.Memory.Records(ctx, id)
}

func (a *altered) List(ctx context.Context, q runner.Query) iter.Seq2[runner.Head, error] {
	if a.list != nil {
		return a.list(a.Memory, q)
	}
	return a.Memory.List(ctx, q)
}

func (a *altered) Forget(ctx context.Context, id string) error {
	if a.forget != nil {
		return a.forget(a.Memory, id)
	}
	return a.Memory.Forget(ctx, id)
}

func appending(f func(m *Memory, r runner.Record) error) New {
	return func(*testing.T) runner.Store { return &altered{Memory: NewMemory(), append: f} }
}

// keeping appends another record than it was given.
func keeping(change func(r *runner.Record)) New {
	return appending(func(m *Memory, r runner.Record) error {
		change(&r)
		return m.Append(context.Background(), r)
	})
}

func reading(f func(m *Memory, id string) ([]runner.Record, error)) New {
	return func(*testing.T) runner.Store { return &altered{Memory: NewMemory(), records: f} }
}

// seeing reads other records than there are.
func seeing(change func([]runner.Record) []runner.Record) New {
	return reading(func(m *Memory, id string) ([]runner.Record, error) {
		records, err := m.Records(context.Background(), id)
		return change(records), err
	})
}

func listing(f func(m *Memory, q runner.Query) iter.Seq2[runner.Head, error]) New {
	return func(*testing.T) runner.Store { return &altered{Memory: NewMemory(), list: f} }
}

func forgetting(f func(m *Memory, id string) error) New {
	return func(*testing.T) runner.Store { return &altered{Memory: NewMemory(), forget: f} }
}

// asked asks the store another query.
func asked(change func(q *runner.Query)) New {
	return listing(func(m *Memory, q runner.Query) iter.Seq2[runner.Head, error] {
		change(&q)
		return m.List(context.Background(), q)
	})
}

// force adds a record without asking whether it fits.
func force(m *Memory, r runner.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.executions == nil {
		m.executions = map[string][]runner.Record{}
	}
	r.Body = slices.Clone(r.Body)
	m.executions[r.ID] = append(m.executions[r.ID], r)
	slices.SortStableFunc(m.executions[r.ID], func(a, b runner.Record) int { return cmp.Compare(a.Seq, b.Seq) })
	return nil
}

// lenient adds a record that does not fit where ok says so.
func lenient(ok func(r runner.Record, have []runner.Record) bool) New {
	return appending(func(m *Memory, r runner.Record) error {
		err := m.Append(context.Background(), r)
		if have, _ := m.Records(context.Background(), r.ID); err != nil && ok(r, have) {
			return force(m, r)
		}
		return err
	})
}

// reopened says how a Memory, which the store is, is made another one.
func reopened(change func(m *Memory)) Option {
	return Reopens(func(_ *testing.T, s runner.Store) runner.Store {
		change(s.(*Memory))
		return s
	})
}

func right(*testing.T) runner.Store { return NewMemory() }

// keeper keeps the caller's buffers.
type keeper struct{ *Memory }

func (s *keeper) Append(ctx context.Context, r runner.Record) error {
	if err := s.Memory.Append(ctx, r); err != nil {
		return err
	}
	s.executions[r.ID][len(s.executions[r.ID])-1].Body = r.Body
	return nil
}

type incomparable struct {
	*Memory
	_ []int
}

// graves brings back, with a reopening, what had been forgotten.
type graves struct {
	*Memory
	dead map[string][]runner.Record
}

func (g *graves) Forget(ctx context.Context, id string) error {
	g.dead[id] = append(g.dead[id], g.executions[id]...)
	return g.Memory.Forget(ctx, id)
}

type broken struct {
	does  string // what is wrong, in words
	make  New
	opts  []Option
	cases []string // each must fail
}

var brokenStores = []broken{
	{"takes the unknown for an error", reading(func(m *Memory, id string) ([]runner.Record, error) {
		records, err := m.Records(context.Background(), id)
		if len(records) == 0 {
			err = errors.New("unknown")
		}
		return records, err
	}), nil, []string{"ANewStoreIsEmpty", "WhatWasForgottenIsUnknown"}},
	{"is not empty when it is new", func(*testing.T) runner.Store {
		m := NewMemory()
		_ = force(m, record("z", 0))
		return m
	}, nil, []string{"ANewStoreIsEmpty"}},
	{"loses records", appending(func(m *Memory, r runner.Record) error {
		if r.Seq == 0 {
			return m.Append(context.Background(), r)
		}
		return nil
	}), nil, []string{"WhatWasAppendedIsRead", "ExecutionsAppendAtOnce"}},
	{"reads the newest first", seeing(func(r []runner.Record) []runner.Record { slices.Reverse(r); return r }), nil, []string{
		"WhatWasAppendedIsRead", "ReadersSeeNoHalves",
	}},
	{"takes an ID for a folder", reading(func(m *Memory, id string) (all []runner.Record, _ error) {
		for h := range m.List(context.Background(), runner.Query{}) {
			if strings.HasPrefix(h.ID, id) {
				records, _ := m.Records(context.Background(), h.ID)
				all = append(all, records...)
			}
		}
		return all, nil
	}), nil, []string{"ExecutionsAreKeptApart"}},
	{"never drops what a Whole record stands for", keeping(func(r *runner.Record) { r.Whole = false }), nil, []string{
		"AWholeRecordStandsForThoseBefore", "EveryFieldIsKept",
	}},
	{"reads the newest Whole record alone", seeing(func(r []runner.Record) []runner.Record {
		if len(r) > 0 && r[0].Whole {
			return r[:1]
		}
		return r
	}), nil, []string{"AWholeRecordStandsForThoseBefore"}},
	{"keeps the caller's buffer", func(*testing.T) runner.Store { return &keeper{NewMemory()} }, nil, []string{"TheBodyIsTheCallersAgain"}},
	{"gives its own memory away", reading(func(m *Memory, id string) ([]runner.Record, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.executions[id], nil
	}), nil, []string{"WhatWasReadIsTheCallers"}},
	{"knows IDs without regard to case", keeping(func(r *runner.Record) { r.ID = strings.ToLower(r.ID) }), nil, []string{"AnyIDWillDo"}},
	{"cuts IDs", keeping(func(r *runner.Record) { r.ID = r.ID[:min(len(r.ID), 300)] }), nil, []string{"AnyIDWillDo"}},
	{"makes IDs valid UTF-8", keeping(func(r *runner.Record) { r.ID = strings.ToValidUTF8(r.ID, "?") }), nil, []string{"AnyIDWillDo"}},
	{"refuses the empty ID", appending(func(m *Memory, r runner.Record) error {
		if r.ID == "" {
			return errors.New("no ID")
		}
		return m.Append(context.Background(), r)
	}), nil, []string{"AnyIDWillDo"}},
	{"ends a body at a zero", keeping(func(r *runner.Record) { r.Body, _, _ = bytes.Cut(r.Body, []byte{0}) }), nil, []string{"AnyBodyWillDo"}},
	{"cuts long bodies", keeping(func(r *runner.Record) { r.Body = r.Body[:min(len(r.Body), 1<<20)] }), nil, []string{"AnyBodyWillDo"}},
	{"keeps times to the microsecond", keeping(func(r *runner.Record) { r.Begun = r.Begun.Truncate(time.Microsecond) }), nil, []string{
		"EveryFieldIsKept", "WhatWasAppendedIsRead",
	}},
	{"keeps times as nanoseconds since 1970", keeping(func(r *runner.Record) { r.Changed = time.Unix(0, r.Changed.UnixNano()) }), nil, []string{"EveryFieldIsKept"}},
	{"takes pending for running", keeping(func(r *runner.Record) { r.Status = max(r.Status, chain.Running) }), nil, []string{"EveryFieldIsKept"}},
	{"keeps the first fingerprint", seeing(func(r []runner.Record) []runner.Record {
		for i := range r {
			r[i].Fingerprint = r[0].Fingerprint
		}
		return r
	}), nil, []string{"EveryFieldIsKept"}},
	{"says nothing of an ended context", func(*testing.T) runner.Store { return &silent{NewMemory()} }, nil, []string{"AnEndedContextLosesNothing"}},

	{"begins with any number", lenient(func(r runner.Record, have []runner.Record) bool { return len(have) == 0 }), nil, []string{
		"TheFirstRecordIsNumberZero", "AnIDMayBeUsedAnew",
	}},
	{"gives numbers twice", lenient(func(r runner.Record, have []runner.Record) bool {
		return slices.ContainsFunc(have, func(h runner.Record) bool { return h.Seq == r.Seq })
	}), nil, []string{"ANumberIsGivenOnce", "OfTwoThatAppendTheSameOneWins"}},
	{"leaves numbers out", lenient(func(r runner.Record, have []runner.Record) bool {
		return len(have) > 0 && r.Seq > have[len(have)-1].Seq+1
	}), nil, []string{"ANumberIsNotLeftOut"}},
	{"counts anew behind a Whole record", lenient(func(r runner.Record, have []runner.Record) bool {
		return len(have) > 0 && have[0].Whole && r.Seq < have[0].Seq
	}), nil, []string{"NumbersGoOnBehindAWholeRecord"}},
	{"has another error for conflicts", appending(func(m *Memory, r runner.Record) error {
		if m.Append(context.Background(), r) != nil {
			return errors.New("conflict")
		}
		return nil
	}), nil, []string{"ANumberIsGivenOnce", "ANumberIsNotLeftOut", "TheFirstRecordIsNumberZero", "OfTwoThatAppendTheSameOneWins"}},
	{"adds what it says is a conflict", appending(func(m *Memory, r runner.Record) error {
		err := m.Append(context.Background(), r)
		if err != nil {
			_ = force(m, r)
		}
		return err
	}), nil, []string{"AConflictAddsNothing"}},
	{"looks, and then appends", appending(func(m *Memory, r runner.Record) error {
		have, _ := m.Records(context.Background(), r.ID)
		for range 100 {
			runtime.Gosched()
		}
		if len(have) != r.Seq {
			return runner.ErrConflict
		}
		return force(m, r)
	}), nil, []string{"OfTwoThatAppendTheSameOneWins"}},

	{"lists the newest by the clock", listing(func(m *Memory, q runner.Query) iter.Seq2[runner.Head, error] {
		return func(yield func(runner.Head, error) bool) {
			for h := range m.List(context.Background(), q) {
				records, _ := m.Records(context.Background(), h.ID)
				newest := slices.MaxFunc(records, func(a, b runner.Record) int { return a.Changed.Compare(b.Changed) })
				if !yield(newest.Head, nil) {
					return
				}
			}
		}
	}), nil, []string{"ListTellsOfTheNewestRecord"}},
	{"does not ask by plan", asked(func(q *runner.Query) { q.Plan = "" }), nil, []string{"ListAsksByEachField"}},
	{"does not ask by status", asked(func(q *runner.Query) { q.Statuses = nil }), nil, []string{"ListAsksByEachField"}},
	{"asks by the first status only", asked(func(q *runner.Query) { q.Statuses = q.Statuses[:min(len(q.Statuses), 1)] }), nil, []string{"ListAsksByEachField"}},
	{"does not ask by begin", asked(func(q *runner.Query) { q.BegunBefore = time.Time{} }), nil, []string{"ListAsksByEachField"}},
	{"does not ask by age", asked(func(q *runner.Query) { q.ChangedBefore = time.Time{} }), nil, []string{"ListAsksByEachField"}},
	{"lists twice", listing(func(m *Memory, q runner.Query) iter.Seq2[runner.Head, error] {
		return func(yield func(runner.Head, error) bool) {
			for h := range m.List(context.Background(), q) {
				for range 2 {
					if !yield(h, nil) {
						return
					}
				}
			}
		}
	}), nil, []string{"ListAsksByEachField"}},
	{"lists on after the end of the loop", listing(func(m *Memory, q runner.Query) iter.Seq2[runner.Head, error] {
		return func(yield func(runner.Head, error) bool) {
			for h := range m.List(context.Background(), q) {
				yield(h, nil)
			}
		}
	}), nil, []string{"ListIsEndedAtWill"}},
	{"locks itself while it lists", func(*testing.T) runner.Store { return &locking{Memory: NewMemory()} }, nil, []string{"TheLoopMayUseTheStore"}},

	{"never forgets", forgetting(func(*Memory, string) error { return nil }), nil, []string{
		"WhatWasForgottenIsUnknown", "AnIDMayBeUsedAnew", "TheLoopMayUseTheStore", "TheUnknownMayBeForgotten",
	}},
	{"forgets everything", forgetting(func(m *Memory, _ string) error { clear(m.executions); return nil }), nil, []string{"WhatWasForgottenIsUnknown"}},
	{"finds no unknown one to forget", forgetting(func(m *Memory, id string) error {
		if records, _ := m.Records(context.Background(), id); len(records) == 0 {
			return errors.New("unknown")
		}
		return m.Forget(context.Background(), id)
	}), nil, []string{"TheUnknownMayBeForgotten"}},
	{"can't be compared", func(*testing.T) runner.Store { return incomparable{Memory: NewMemory()} }, nil, []string{"AStoreIsComparable"}},
	{"panics", appending(func(*Memory, runner.Record) error { panic("boom") }), nil, []string{"WhatWasAppendedIsRead"}},

	{"loses all in a reopening", right, []Option{reopened(func(m *Memory) { clear(m.executions) })}, []string{
		"WhatWasAppendedOutlivesTheProcess", "ConflictsOutliveTheProcess", "WhatWasAppendedIsRead",
	}},
	{"loses the newest record in a reopening", right, []Option{reopened(func(m *Memory) {
		for id, r := range m.executions {
			if m.executions[id] = r[:len(r)-1]; len(r) == 1 {
				delete(m.executions, id)
			}
		}
	})}, []string{"WhatWasAppendedOutlivesTheProcess", "ConflictsOutliveTheProcess"}},
	{"brings the forgotten back", func(*testing.T) runner.Store {
		return &graves{NewMemory(), map[string][]runner.Record{}}
	}, []Option{Reopens(func(_ *testing.T, s runner.Store) runner.Store {
		for _, records := range s.(*graves).dead {
			for _, r := range records {
				_ = force(s.(*graves).Memory, r)
			}
		}
		return s
	})}, []string{"AnewIsNotMixedWithTheOldByAReopening", "AnIDMayBeUsedAnew"}},
}

// silent believes that nothing was asked of it in a context that has ended.
type silent struct{ *Memory }

func (s *silent) Append(ctx context.Context, r runner.Record) error {
	if err := s.Memory.Append(ctx, r); ctx.Err() == nil {
		return err
	}
	return nil
}

// locking is locked while a loop over List runs.
type locking struct {
	*Memory
	mu sync.Mutex
}

func (l *locking) Append(ctx context.Context, r runner.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Memory.Append(ctx, r)
}

func (l *locking) List(ctx context.Context, q runner.Query) iter.Seq2[runner.Head, error] {
	return func(yield func(runner.Head, error) bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.Memory.List(ctx, q)(yield)
	}
}

func TestABrokenStoreIsCaughtByTheCaseForIt(t *testing.T) {
	for _, b := range brokenStores {
		t.Run(b.does, func(t *testing.T) {
			s := setup{create: b.make}
			for _, opt := range b.opts {
				opt.apply(&s)
			}
			for _, name := range b.cases {
				c := findCase(t, name)
				require.True(t, c.isFor(s), name)
				if strings.HasPrefix(b.does, "locks") {
					defer func(p time.Duration) { patience = p }(patience)
					patience = 50 * time.Millisecond // it would not be caught any better later
				}
				err := c.try(t, s)
				require.Error(t, err, "the case %q does not see that the store %s", name, b.does)
				require.True(t, strings.HasPrefix(err.Error(), c.why), err)
			}
		})
	}
}

// A case that no wrong store fails is worth nothing.
func TestEachCaseCatchesABrokenStore(t *testing.T) {
	caught := map[string]bool{}
	for _, b := range brokenStores {
		for _, name := range b.cases {
			caught[name] = true
		}
	}
	for _, c := range cases() {
		require.True(t, caught[c.name], "no broken store is caught by %q", c.name)
		require.NotEmpty(t, c.why, c.name)
	}
}

func TestCasesOfReopeningNeedIt(t *testing.T) {
	for _, c := range cases() {
		require.True(t, c.isFor(setup{reopen: func(*testing.T, runner.Store) runner.Store { return nil }}))
		require.Equal(t, !c.reopens, c.isFor(setup{}), c.name)
	}
}

func findCase(t *testing.T, name string) storeCase {
	t.Helper()
	all := cases()
	i := slices.IndexFunc(all, func(c storeCase) bool { return c.name == name })
	require.GreaterOrEqual(t, i, 0, fmt.Sprintf("no case %q", name))
	return all[i]
}
