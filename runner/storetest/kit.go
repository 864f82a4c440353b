package storetest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// A kit is what a case works with: a store, and a model of what it must have.
type kit struct {
	*require.Assertions
	t     *testing.T // only for making stores; what is wrong is said by Assertions
	setup setup
	store runner.Store
	want  map[string][]runner.Record
}

func newKit(t *testing.T, findings require.TestingT, s setup) *kit {
	k := &kit{Assertions: require.New(findings), t: t, setup: s, want: map[string][]runner.Record{}}
	k.store = s.create(t)
	return k
}

// noon is some time, which has nanoseconds and a zone.
var noon = time.Date(2026, 2, 3, 12, 0, 0, 123456789, time.FixedZone("", -5*60*60))

func head(id string) runner.Head {
	return runner.Head{ID: id, Plan: "checkout", Fingerprint: "f1", Status: chain.Running, Begun: noon, Changed: noon.Add(time.Second)}
}

// record is the seq-th of an execution.
func record(id string, seq int) runner.Record {
	r := runner.Record{Head: head(id), Seq: seq, Body: fmt.Appendf(nil, "%s/%d", id, seq)}
	r.Changed = noon.Add(time.Duration(seq) * time.Second)
	return r
}

func whole(id string, seq int) runner.Record {
	r := record(id, seq)
	r.Whole = true
	return r
}

// add appends records that fit, to the store and the model.
func (k *kit) add(records ...runner.Record) {
	for _, r := range records {
		k.NoError(k.store.Append(k.ctx(), r), "append of record %d to execution %q", r.Seq, r.ID)
		if r.Whole {
			k.want[r.ID] = nil
		}
		r.Body = slices.Clone(r.Body)
		k.want[r.ID] = append(k.want[r.ID], r)
	}
}

// conflict appends a record that does not fit.
func (k *kit) conflict(r runner.Record) {
	k.ErrorIs(k.store.Append(k.ctx(), r), runner.ErrConflict, "append of record %d to execution %q", r.Seq, r.ID)
}

func (k *kit) forget(id string) {
	k.NoError(k.store.Forget(k.ctx(), id))
	delete(k.want, id)
}

func (k *kit) records(id string) []runner.Record {
	records, err := k.store.Records(k.ctx(), id)
	k.NoError(err, "records of execution %q", id)
	return records
}

// list is sorted by ID.
func (k *kit) list(q runner.Query) []runner.Head {
	var heads []runner.Head
	for h, err := range k.store.List(k.ctx(), q) {
		k.NoError(err, "list")
		heads = append(heads, h)
	}
	slices.SortFunc(heads, func(a, b runner.Head) int { return cmp.Compare(a.ID, b.ID) })
	return heads
}

// check compares the store with the model, and once more after a reopening
// where it can do that.
func (k *kit) check() {
	k.compare("")
	if k.setup.reopen != nil {
		k.reopen()
		k.compare(" after it was reopened")
	}
}

func (k *kit) reopen() { k.store = k.setup.reopen(k.t, k.store) }

func (k *kit) compare(when string) {
	var ids []string
	for _, h := range k.list(runner.Query{}) {
		ids = append(ids, h.ID)
		k.Contains(k.want, h.ID, "an execution that List tells of%s", when)
		newest := k.want[h.ID][len(k.want[h.ID])-1]
		k.sameHead(newest.Head, h, "what List tells"+when)
	}
	k.Len(ids, len(k.want), "the executions that List tells of%s", when)
	for id, want := range k.want {
		k.same(want, k.records(id), when)
	}
}

// same compares records. Of times, the zone is not looked at, and of bodies
// without bytes not whether they are nil.
func (k *kit) same(want, got []runner.Record, when string) {
	seqs := func(records []runner.Record) (seqs []int) {
		for _, r := range records {
			seqs = append(seqs, r.Seq)
		}
		return seqs
	}
	k.Equal(seqs(want), seqs(got), "the numbers of the records%s", when)
	for i := range want {
		what := fmt.Sprintf("record %d of execution %q%s", want[i].Seq, want[i].ID, when)
		k.sameHead(want[i].Head, got[i].Head, what)
		k.Equal(want[i].Whole, got[i].Whole, "Whole of %s", what)
		k.True(bytes.Equal(want[i].Body, got[i].Body), "the body of %s: want %.60q, got %.60q", what, want[i].Body, got[i].Body)
	}
}

func (k *kit) sameHead(want, got runner.Head, what string) {
	k.True(want.Begun.Equal(got.Begun), "Begun of %s: want %v, got %v", what, want.Begun, got.Begun)
	k.True(want.Changed.Equal(got.Changed), "Changed of %s: want %v, got %v", what, want.Changed, got.Changed)
	got.Begun, got.Changed = want.Begun, want.Changed
	k.Equal(want, got, "the Head of %s", what)
}

func (k *kit) ctx() context.Context { return context.Background() }
