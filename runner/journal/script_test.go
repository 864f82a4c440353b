package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
	"github.com/taskchain-go/taskchain/runner/journal/internal/faultfs"
)

var background = context.Background()

// A state is the records of each execution, from the newest Whole on.
type state map[string][]runner.Record

func (s state) equal(other state) bool {
	return maps.EqualFunc(s, other, func(a, b []runner.Record) bool { return slices.EqualFunc(a, b, sameRecord) })
}

func sameRecord(a, b runner.Record) bool {
	if !a.Begun.Equal(b.Begun) || !a.Changed.Equal(b.Changed) || !bytes.Equal(a.Body, b.Body) {
		return false
	}
	return a.Seq == b.Seq && a.Whole == b.Whole && a.ID == b.ID && a.Plan == b.Plan && a.Fingerprint == b.Fingerprint && a.Status == b.Status
}

func (s state) String() string {
	text := ""
	for _, id := range slices.Sorted(maps.Keys(s)) {
		text += id + ":"
		for _, r := range s[id] {
			text += fmt.Sprintf(" %d(%d)", r.Seq, len(r.Body))
		}
		text += "\n"
	}
	return text
}

// stateOf is what a journal has.
func stateOf(j *journal.Journal) (state, error) {
	s := state{}
	for h, err := range j.List(background, runner.Query{}) {
		if err != nil {
			return nil, err
		}
		records, err := j.Records(background, h.ID)
		if err != nil {
			return nil, err
		}
		if len(records) == 0 || s[h.ID] != nil {
			return nil, fmt.Errorf("execution %q is listed, and has %d records", h.ID, len(records))
		}
		if newest := records[len(records)-1].Head; newest != h {
			return nil, fmt.Errorf("listed is %+v, and the newest record says %+v", h, newest)
		}
		s[h.ID] = records
	}
	return s, j.CheckLive()
}

// A step of a script is an Append, or a Forget of the record's execution.
type step struct {
	runner.Record
	forget bool
}

// A history is the states that the steps of a script lead to, from none on.
type history struct {
	states []state
	safe   int // the steps of which it is known that they are on the disk
	err    error
}

func (h *history) next(s step) {
	now := maps.Clone(h.states[len(h.states)-1])
	switch {
	case s.forget:
		delete(now, s.ID)
	case s.Whole:
		now[s.ID] = []runner.Record{s.Record}
	default:
		now[s.ID] = append(slices.Clip(now[s.ID]), s.Record)
	}
	h.states = append(h.states, now)
}

// has tells whether a state is one that a crash may have left.
func (h *history) has(s state) bool { return slices.ContainsFunc(h.states[h.safe:], s.equal) }

// play does the steps one after the other, until one fails, and whatever it
// causes in the background.
func (h *history) play(j *journal.Journal, script []step) error {
	for _, s := range script {
		h.next(s)
		if s.forget {
			if err := j.Forget(background, s.ID); err != nil {
				return err
			}
			continue
		}
		if err := j.Append(background, s.Record); err != nil {
			return err
		}
		h.safe = len(h.states) - 1
		j.WaitUpkeep()
	}
	return nil
}

// longScript has everything that happens in a journal, in small: executions that
// grow, are summed up in a Whole record, finish, are forgotten and begun anew,
// one that stays behind in an old file, files that fill up and are cleaned.
func longScript() (script []step) {
	next := map[string]int{}
	add := func(id string, whole bool, size int) {
		r := recordOf(id, next[id], bytes.Repeat([]byte{byte(len(script))}, size))
		r.Whole = whole
		next[id]++
		script = append(script, step{Record: r})
	}
	forget := func(id string) {
		delete(next, id)
		script = append(script, step{Record: recordOf(id, 0, nil), forget: true})
	}
	add("stays", false, 40)
	add("stays", false, 0)
	for round := range 8 {
		add("anew", false, 300)
		add("anew", false, 150)
		add(fmt.Sprint("done", round), false, 200)
		add("grows", round%3 == 2, 250)
		add(fmt.Sprint("done", round), true, 350)
		forget("anew")
		if round%2 == 0 {
			add("anew", round%4 == 0, 70)
			forget("anew")
		}
		if round > 1 {
			forget(fmt.Sprint("done", round-2))
		}
	}
	add("stays", false, 10)
	add("anew", false, 10)
	forget("done7")
	add("large", false, 6000)
	add("anew", false, 10)
	return script
}

var small = journal.WithSegmentSize(4 << 10)

func openOn(t testing.TB, d disk.Folder) *journal.Journal {
	t.Helper()
	j, err := journal.OpenIn(d, small)
	require.NoError(t, err)
	return j
}

// run plays the script on a disk with a fault, and returns what is known of it
// then. The journal is closed unless the disk is dead.
func run(t testing.TB, d *faultfs.Disk, script []step) *history {
	t.Helper()
	h := &history{states: []state{{}}}
	j, err := journal.OpenIn(d, small)
	if err == nil {
		err = h.play(j, script)
		if err == nil {
			err = j.Flush()
		}
		if err == nil {
			h.safe = len(h.states) - 1
		}
		now, readErr := stateOf(j)
		if readErr == nil {
			require.True(t, h.states[h.safe].equal(now) || h.has(now), "what is read while it is open:\n%v", now)
		}
		err = errors.Join(err, j.Close())
	}
	if !d.Failed() {
		require.NoError(t, err)
	}
	return h
}

// mustHold opens what is left of a disk. It must be something that a crash may
// leave, and go on from there.
func mustHold(t testing.TB, h *history, left *faultfs.Disk, what string) {
	t.Helper()
	j, err := journal.OpenIn(left, small)
	require.NoError(t, err, what)
	now, err := stateOf(j)
	require.NoError(t, err, what)
	require.True(t, h.has(now), "%s: left is\n%v\nwhere it should be at least\n%v\nor one of %d later ones", what, now, h.states[h.safe], len(h.states)-h.safe-1)
	lost, err := journal.OpenIn(left.PowerCut(0, none), small)
	require.NoError(t, err, what)
	safe, err := stateOf(lost)
	require.NoError(t, err, what)
	require.True(t, now.equal(safe), "%s: what was read after the opening was not safe:\n%v\n%v", what, now, safe)
	require.NoError(t, lost.Close(), what)

	r := recordOf("stays", 0, []byte("after"))
	if n := len(now["stays"]); n > 0 {
		r.Seq = now["stays"][n-1].Seq + 1
	}
	require.NoError(t, j.Append(t.Context(), r), what)
	require.NoError(t, j.Close(), what)
	now["stays"] = append(now["stays"], r)

	j, err = journal.OpenIn(left.PowerCut(0, none), small)
	require.NoError(t, err, what)
	_, cut := j.Recovered()
	require.False(t, cut, what)
	again, err := stateOf(j)
	require.NoError(t, err, what)
	require.True(t, now.equal(again), "%s: a second opening:\n%v\n%v", what, now, again)
	require.NoError(t, j.Close(), what)
	require.Zero(t, left.OpenFiles(), what)
}
