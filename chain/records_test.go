package chain

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// kept is what is read of records that were written.
func kept(written ...Record) []Record {
	var r Recorder
	for _, rec := range written {
		if !r.add(rec, 0, 0) {
			r.grow(rec)
		}
	}
	all := r.all()
	read := make([]Record, all.len())
	for i := range read {
		read[i] = all.at(i)
	}
	return read
}

func TestRecordsAreReadAsTheyWereWritten(t *testing.T) {
	then := func(at time.Duration, step, next int, phase Phase) Record {
		kind := KindSucceeded
		if phase == Compensation {
			kind = KindCompensated
		}
		both, ok := NewRecord(at, kind, step, phase, 1).Then(at, next, phase)
		require.True(t, ok)
		return both
	}
	written := []Record{
		NewRecord(0, KindPlanStarted, 0, Forward, 0),
		NewRecord(1, KindStarted, 1, Forward, 1),
		NewRecord(1<<timeBits-1, KindRetrying, 1<<stepBits-1, Forward, 1<<restBits-1),
		NewRecord(1<<timeBits, KindRetrying, 1, Forward, 1), // from here on wide: too late,
		NewRecord(1<<62, KindRetrying, 1, Forward, 1),
		NewRecord(-time.Second, KindStarted, 1, Forward, 1), // too early, as a clock of another machine has it,
		NewRecord(2, KindStarted, 1<<stepBits, Forward, 1),  // too many steps,
		NewRecord(2, KindStarted, 1, Forward, 1<<restBits),  // too many attempts
		NewRecord(2, KindFailed, 1, Forward, maxAttempt),
		then(3, 1, 2, Forward),
		then(3, 1, 9, Forward),
		then(3, 5, 4, Compensation),
		then(3, 9, 1, Compensation),
		then(1<<timeBits, 1<<stepBits, 1<<stepBits+1, Forward),
	}
	for i, rec := range kept(written...) {
		require.Equal(t, written[i], rec)
	}
}

func TestOneRecordHoldsTwoEventsOnlyIfItCan(t *testing.T) {
	done := NewRecord(3, KindSucceeded, 5, Forward, 1)
	both, ok := done.Then(3, 6, Forward)
	require.True(t, ok)
	next, ok := both.begun()
	require.True(t, ok)
	require.Equal(t, NewRecord(3, KindStarted, 6, Forward, 1), next)
	require.Equal(t, done, both.alone())

	for what, can := range map[string]func() (Record, bool){
		"another moment":   func() (Record, bool) { return done.Then(4, 6, Forward) },
		"another phase":    func() (Record, bool) { return done.Then(3, 4, Compensation) },
		"itself":           func() (Record, bool) { return done.Then(3, 5, Forward) },
		"backwards":        func() (Record, bool) { return done.Then(3, 4, Forward) },
		"too far":          func() (Record, bool) { return done.Then(3, 14, Forward) },
		"a second attempt": func() (Record, bool) { return NewRecord(3, KindSucceeded, 5, Forward, 2).Then(3, 6, Forward) },
		"a third event":    func() (Record, bool) { return both.Then(3, 7, Forward) },
	} {
		_, ok := can()
		require.False(t, ok, what)
	}
}

func TestRandomRecordsAreReadAsTheyWereWritten(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	written := make([]Record, 10_000)
	for i := range written {
		attempt := random.IntN(1 << random.IntN(24))
		rec := NewRecord(time.Duration(random.Uint64()>>random.IntN(64)), Kind(1+random.IntN(int(KindLog))), random.IntN(1<<random.IntN(24)), Phase(random.IntN(2)), attempt)
		if next := int(rec.step) + random.IntN(20) - 10; next >= 0 && attempt <= 1 {
			if both, ok := rec.Then(rec.at, next, rec.what.phase()); ok {
				rec = both
			}
		}
		written[i] = rec
	}
	for i, rec := range kept(written...) {
		require.Equal(t, written[i], rec)
	}
}
