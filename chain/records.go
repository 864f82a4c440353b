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

// Then is r and next in one record. It is false if that can't hold both: next
// must be the begin of a first attempt at the moment of r, and r what has at most
// one attempt.
func (r Record) Then(next Record) (both Record, ok bool) {
	attempt := r.what.attempt()
	if next.at != r.at || next.what != firstAttempt[r.what.phase()] || attempt > 1 || next.step > maxAttempt {
		return r, false
	}
	own := r.what & (thenBit - 1)
	return Record{r.at, r.step, own | thenBit | what(attempt)<<firstShift | what(next.step)<<attemptShift}, true
}

var firstAttempt = [...]what{
	Forward:      pack(KindStarted, Forward, 1),
	Compensation: pack(KindCompensating, Compensation, 1),
}

// what packs the kind, the phase and the attempt of a record; of the plan's end,
// the status in place of the attempt. With thenBit, the attempt is 0 or 1 and
// stands before the index of the step that begins.
type what uint32

const (
	kindBits     = 4
	phaseBit     = 1 << kindBits
	thenBit      = phaseBit << 1
	firstShift   = kindBits + 2
	attemptShift = firstShift + 1
	maxAttempt   = 1<<(32-attemptShift) - 1
)

func pack(kind Kind, phase Phase, attempt int) what {
	return what(kind) | what(phase)<<kindBits | what(min(attempt, maxAttempt))<<attemptShift
}

func (w what) kind() Kind   { return Kind(w & (phaseBit - 1)) }
func (w what) phase() Phase { return Phase(w & phaseBit >> kindBits) }

func (w what) attempt() int {
	if w&thenBit != 0 {
		return int(w >> firstShift & 1)
	}
	return int(w >> attemptShift)
}

// begun is the record of the attempt that begins with r, if one does.
func (r Record) begun() (next Record, ok bool) {
	if r.what&thenBit == 0 {
		return Record{}, false
	}
	return Record{r.at, int32(r.what >> attemptShift), firstAttempt[r.what.phase()]}, true
}

// alone is r without the attempt that begins with it.
func (r Record) alone() Record {
	return NewRecord(r.at, r.what.kind(), int(r.step), r.what.phase(), r.what.attempt())
}

// A cell is a record as it is kept. From the lowest bit on it has the time, what
// happened, the step, and three bits for the attempt or, where another step begins,
// how far that is from this one. What does not fit, such as an hour, an eighth
// attempt or a plan of 20,000 steps, is kept wide, and the cell has its index there and no
// kind.
type cell uint64

const (
	timeBits = 40 // 18 minutes
	flagBits = attemptShift
	stepBits = 14
	farBits  = 3

	flagMask = 1<<flagBits - 1
)

// cellOf makes a cell of r; it is false if r does not fit.
func cellOf(r Record) (c cell, ok bool) {
	far := int32(r.what >> attemptShift)
	if r.what&thenBit != 0 {
		switch far = r.step - far; far {
		case -1: // the next one
			far = 0
		case 0:
			return 0, false
		}
	}
	if uint64(r.at)>>timeBits != 0 || uint32(r.step)>>stepBits != 0 || uint32(far)>>farBits != 0 {
		return 0, false
	}
	return cell(r.at) | cell(r.what&flagMask|what(r.step)<<flagBits)<<timeBits | cell(far)<<(64-farBits), true
}

// record is the record again, if it is not kept wide.
func (c cell) record() (r Record, ok bool) {
	r.at = time.Duration(c & (1<<timeBits - 1))
	r.what = what(c>>timeBits) & flagMask
	r.step = int32(c >> (timeBits + flagBits) & (1<<stepBits - 1))
	far := int32(c >> (64 - farBits))
	if r.what&thenBit != 0 {
		if far == 0 {
			far = -1
		}
		far = r.step - far
	}
	r.what |= what(far) << attemptShift
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
