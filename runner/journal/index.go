package journal

import (
	"cmp"
	"slices"

	"github.com/taskchain-go/taskchain/runner"
)

// An index knows of each execution where its records are.
type index map[string]*execution

// An execution is what is known of one without reading. One that was forgotten
// is in no index, and whoever still holds it learns so from it.
type execution struct {
	head      runner.Head // of the newest record
	places    []place     // of the records that count, by number
	from      int         // the number of the newest Whole record
	next      int         // the number of the next one, those on their way to the disk counted
	forgotten bool
}

// A place is where a record is.
type place struct {
	segment *segment
	at      int64
	seq     int
	length  uint32
	sum     uint32 // CRC-32C of its bytes
}

// held is a record that was put into a segment.
type held struct {
	execution *execution
	seq       int
}

// known is the execution, which is made if it is unknown.
func (x index) known(id string) *execution {
	e := x[id]
	if e == nil {
		e = &execution{}
		x[id] = e
	}
	return e
}

// forget removes an execution.
func (x index) forget(id string) {
	e := x[id]
	if e == nil {
		return
	}
	places := e.places
	*e = execution{forgotten: true} // somebody may still hold it
	delete(x, id)
	for _, p := range places {
		p.segment.lose(p)
	}
}

// put notes where a record is: a new one, or another place of one that is there.
// They come in any order, since those of old segments are copied forward. What
// does not count any more is passed over.
func (e *execution) put(r runner.Record, p place) {
	if e.forgotten || r.Seq < e.from {
		return
	}
	i, found := e.find(r.Seq)
	if found {
		old := e.places[i]
		e.places[i] = p
		old.segment.lose(old)
	} else {
		e.places = slices.Insert(e.places, i, p)
	}
	p.segment.gain(p, e)
	if i == len(e.places)-1 {
		e.head = r.Head
		e.next = max(e.next, r.Seq+1)
	}
	if r.Whole {
		before := e.places[:i]
		e.from, e.places = r.Seq, slices.Clone(e.places[i:])
		for _, old := range before {
			old.segment.lose(old)
		}
	}
}

func (e *execution) find(seq int) (i int, found bool) {
	return slices.BinarySearchFunc(e.places, seq, func(p place, seq int) int { return cmp.Compare(p.seq, seq) })
}

// in is the place of the record in a segment, if it counts and is there.
func (h held) in(s *segment) (p place, counts bool) {
	i, found := h.execution.find(h.seq)
	if !found || h.execution.places[i].segment != s {
		return place{}, false
	}
	return h.execution.places[i], true
}

// gap is the number of the first record that is missing, and the place of the
// one behind it.
func (e *execution) gap() (seq int, behind place, is bool) {
	for i, p := range e.places {
		if p.seq != e.from+i {
			return e.from + i, p, true
		}
	}
	return 0, place{}, false
}
