package chain

import (
	"log/slog"
	"time"
)

// The trace is where speed shapes the design: this file, and standing.go. A record is kept in 8 bytes
// that hold numbers only, its time counted from the begin of the run: one read of the
// monotonic clock. A step that succeeds and the next one that begins at that very
// moment are one record. What few events have besides, such as an error, stands in
// details; the events, with paths and texts, are made when the trace is read. What
// is completed is not kept in a second place but read off the trace.

// A Record is one entry of the trace, or two of the same moment, for authors of
// runners.
type Record struct {
	at   time.Duration // since the begin of the run
	step int32
	what what
}

// NewRecord makes the record of an event that has nothing more to say. at is
// counted from the begin of the run; step is an index in the plan, 0 for the plan
// itself; attempt is 0 where nothing is attempted.
func NewRecord(at time.Duration, kind Kind, step int, phase Phase, attempt int) Record {
	return Record{at, int32(step), pack(kind, phase, attempt)}
}

// Then is r and, at the same moment, the begin of a first attempt at step, in one
// record. It is false if that can't hold both: r must be of one event with at most
// one attempt, in the same phase, and step one of the 8 that follow r's or, in a
// compensation, go before it.
func (r Record) Then(at time.Duration, step int, phase Phase) (both Record, ok bool) {
	far := uint32(step) - uint32(r.step) - 1 // the steps between them
	if phase == Compensation {
		far = uint32(r.step) - uint32(step) - 1
	}
	ok = r.at == at && far < 1<<farBits && r.what&^(kindMask|1<<attemptShift) == what(phase)<<kindBits
	r.what |= thenBit | what(far)<<farShift
	return r, ok
}

var firstAttempt = [...]what{
	Forward:      pack(KindStarted, Forward, 1),
	Compensation: pack(KindCompensating, Compensation, 1),
}

// what packs the kind, the phase and the attempt of a record; of the plan's end,
// the status in place of the attempt. With thenBit, the attempt is 0 or 1, and above
// it stands how many steps lie between the two, in the order of the phase.
type what uint32

const (
	kindBits     = 4
	kindMask     = 1<<kindBits - 1
	phaseBit     = 1 << kindBits
	thenBit      = phaseBit << 1
	attemptShift = kindBits + 2
	maxAttempt   = 1<<(32-attemptShift) - 1 // more count as so many
	farShift     = attemptShift + 1
	farBits      = 3
)

func pack(kind Kind, phase Phase, attempt int) what {
	return what(kind) | what(phase)<<kindBits | what(min(attempt, maxAttempt))<<attemptShift
}

func (w what) kind() Kind   { return Kind(w & kindMask) }
func (w what) phase() Phase { return Phase(w & phaseBit >> kindBits) }

func (w what) attempt() int {
	if w&thenBit != 0 {
		return int(w >> attemptShift & 1)
	}
	return int(w >> attemptShift)
}

// begun is the record of the attempt that begins with r, if one does.
func (r Record) begun() (next Record, ok bool) {
	if r.what&thenBit == 0 {
		return Record{}, false
	}
	far := int32(r.what>>farShift) + 1
	if r.what&phaseBit != 0 {
		far = -far
	}
	return Record{r.at, r.step + far, firstAttempt[r.what.phase()]}, true
}

// alone is r without the attempt that begins with it.
func (r Record) alone() Record {
	return NewRecord(r.at, r.what.kind(), int(r.step), r.what.phase(), r.what.attempt())
}

// A cell is a record as it is kept. From the lowest bit on it has the time, what
// happened, the step, and the rest of what. What does not fit, such as an hour, a
// sixteenth attempt or a plan of 20,000 steps, is kept wide, and the cell has its
// index there and no kind.
type cell uint64

const (
	timeBits = 40 // 18 minutes
	flagBits = attemptShift
	stepBits = 14
	restBits = 4

	flagMask = 1<<flagBits - 1
)

// cellOf makes a cell of r; it is false if r does not fit.
func cellOf(r Record) (c cell, ok bool) {
	rest := r.what >> flagBits
	c = cell(r.at) | cell(r.what&flagMask|what(r.step)<<flagBits)<<timeBits | cell(rest)<<(64-restBits)
	return c, uint64(r.at)>>timeBits == 0 && uint32(r.step)>>stepBits == 0 && rest>>restBits == 0
}

// record is the record again, if it is not kept wide.
func (c cell) record() (r Record, ok bool) {
	r.at = time.Duration(c & (1<<timeBits - 1))
	r.step = int32(c >> (timeBits + flagBits) & (1<<stepBits - 1))
	r.what = what(c>>timeBits)&flagMask | what(c>>(64-restBits))<<flagBits
	return r, r.what.kind() != 0
}

// records is what is written of a run. It is never changed.
type records struct {
	cells []cell
	wide  []Record
}

func (r records) len() int { return len(r.cells) }

func (r records) at(i int) Record {
	rec, ok := r.cells[i].record()
	if !ok {
		return r.wide[r.cells[i]]
	}
	return rec
}

// all is what is written so far, with the lock.
func (r *Recorder) all() records { return r.first(r.standing.written()) }

// first is the first n records, with the lock.
func (r *Recorder) first(n int) records { return records{r.cells[:n], r.rest().wide} }

// add adds a record without the lock, and changes the standing besides. It is
// false, and has done nothing, if the record does not fit, if somebody is telling,
// or if there is something else to tell.
func (r *Recorder) add(rec Record, clear, set uint64) bool {
	word := r.standing.word.Load()
	n := stand(word).written()
	c, ok := cellOf(rec)
	if !ok || n >= len(r.cells) || word&(tellingBit|notedBit) != 0 {
		return false
	}
	r.cells[n] = c // which nobody sees before it counts
	return r.standing.word.CompareAndSwap(word, (word+1)&^clear|set)
}

// grow is add that makes everything fit, with the lock.
func (r *Recorder) grow(rec Record) {
	n := r.standing.written()
	if n == len(r.cells) {
		r.cells = append(r.cells, make([]cell, max(8, n))...)
	}
	c, ok := cellOf(rec)
	if !ok {
		rest := r.more()
		c, rest.wide = cell(len(rest.wide)), append(rest.wide, rec)
	}
	r.cells[n] = c
	r.standing.word.Add(1)
}

// A detail is what one record has to say besides, or an event of a step's own.
type detail struct {
	record int32 // its index; a step's own event comes before it
	ending Ending
	err    error
	delay  time.Duration
	log    *logged
}

// logged is a step's own event.
type logged struct {
	record  Record
	level   slog.Level
	message string
	untold  bool // the observers are not to see it
}

// A place is how far somebody has read in the events of a run.
type place struct {
	records, details int32
	half             bool // of a record of two events, the second is next
}

// next reads on: a record of one event, with its detail, if it has one.
func (p *place) next(all records, details []detail) (rec Record, d *detail, ok bool) {
	if p.half {
		rec, _ = all.at(int(p.records)).begun()
		p.half = false
		p.records++
		return rec, nil, true
	}
	if int(p.details) < len(details) && details[p.details].record <= p.records {
		d = &details[p.details]
		if d.log != nil {
			p.details++
			return d.log.record, d, true
		}
	}
	if int(p.records) == all.len() {
		return rec, nil, false
	}
	if d != nil {
		p.details++
	}
	rec = all.at(int(p.records))
	if rec.what&thenBit != 0 {
		p.half = true
		return rec.alone(), d, true
	}
	p.records++
	return rec, d, true
}
