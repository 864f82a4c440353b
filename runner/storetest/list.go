package storetest

import (
	"fmt"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// fill adds executions that differ in all that a Query asks for.
func (k *kit) fill() {
	for i := range 24 {
		r := record(fmt.Sprintf("e%02d", i), 0)
		r.Plan = []string{"checkout", "import", ""}[i%3]
		r.Status = chain.Status(i % 8)
		r.Begun = noon.Add(time.Duration(i) * time.Minute)
		r.Changed = noon.Add(time.Duration(24-i) * time.Hour)
		k.add(r)
	}
}

var listCases = []storeCase{
	{
		name: "ListTellsOfTheNewestRecord",
		why:  "recovery goes by what the newest record says: by its number, whatever the clock said",
		run: func(k *kit) {
			r := record("a", 0)
			k.add(r, record("b", 0))
			r.Seq, r.Status, r.Plan, r.Fingerprint = 1, chain.Compensating, "renamed", "f2"
			r.Changed = noon.Add(-time.Hour)
			k.add(r)
			k.check()
		},
	},
	{
		name: "ListAsksByEachField",
		why:  "an unfinished execution that the query leaves out is never carried on, and one too many is deleted by a retention",
		run: func(k *kit) {
			k.fill()
			queries := []runner.Query{
				{},
				{Plan: "checkout"},
				{Plan: "check"},
				{Statuses: runner.Unfinished()},
				{Statuses: []chain.Status{chain.Stuck}},
				{Statuses: []chain.Status{chain.Pending}},
				{BegunBefore: noon.Add(10 * time.Minute)},
				{ChangedBefore: noon.Add(10 * time.Hour)},
				{Plan: "import", Statuses: runner.Unfinished()},
				{Plan: "import", BegunBefore: noon.Add(20 * time.Minute), ChangedBefore: noon.Add(20 * time.Hour), Statuses: []chain.Status{chain.Aborted, chain.Running}},
				{Plan: "none"},
			}
			for _, q := range queries {
				k.asks(q)
			}
			if k.setup.reopen != nil {
				k.reopen()
				for _, q := range queries {
					k.asks(q)
				}
			}
		},
	},
	{
		name: "ListIsEndedAtWill",
		why:  "a loop that was left early must leave nothing locked",
		run: func(k *kit) {
			k.fill()
			seen := 0
			for _, err := range k.store.List(k.ctx(), runner.Query{}) {
				k.NoError(err)
				if seen++; seen == 3 {
					break
				}
			}
			k.Equal(3, seen)
			k.add(record("a", 0))
			k.check()
		},
	},
	{
		name: "TheLoopMayUseTheStore",
		why:  "a retention forgets what List tells it of, and recovery appends to it",
		run: func(k *kit) {
			k.fill()
			for h, err := range k.store.List(k.ctx(), runner.Query{}) {
				k.NoError(err)
				if h.Status.Finished() {
					k.forget(h.ID)
					continue
				}
				k.NotEmpty(k.records(h.ID))
				k.add(record(h.ID, 1))
			}
			k.check()
		},
	},
}

// asks checks a query against the model.
func (k *kit) asks(q runner.Query) {
	got := map[string]bool{}
	for _, h := range k.list(q) {
		k.False(got[h.ID], "List tells of execution %q twice", h.ID)
		got[h.ID] = true
	}
	for id, records := range k.want {
		h := records[len(records)-1].Head
		k.Equal(q.Matches(h), got[id], "whether List with %+v tells of %+v", q, h)
	}
}
