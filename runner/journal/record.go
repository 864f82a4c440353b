package journal

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
	"unique"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// The kinds of entries of a group.
const (
	kindRecord    = 1
	kindWhole     = 2 // a record that is Whole
	kindTombstone = 3 // what stands before it under its ID is forgotten
)

// appendRecord adds a record's entry to b.
func appendRecord(b []byte, r runner.Record) []byte {
	kind := byte(kindRecord)
	if r.Whole {
		kind = kindWhole
	}
	b = appendText(append(b, kind), r.ID)
	b = binary.AppendUvarint(b, uint64(r.Seq))
	b = append(b, byte(r.Status))
	b = appendTime(appendTime(b, r.Begun), r.Changed)
	b = appendText(appendText(b, r.Plan), r.Fingerprint)
	return append(binary.AppendUvarint(b, uint64(len(r.Body))), r.Body...)
}

func appendTombstone(b []byte, id string) []byte {
	return appendText(append(b, kindTombstone), id)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTime(b []byte, t time.Time) []byte {
	return binary.AppendUvarint(binary.AppendVarint(b, t.Unix()), uint64(t.Nanosecond()))
}

var errEntry = errors.New("what is written there is no record")

// A reader takes entries apart. At its first fault it has reached the end.
type reader struct {
	rest []byte
	bad  bool
}

// record is the next entry. Its body is a part of what is read. A tombstone has
// nothing but an ID.
func (r *reader) record() (rec runner.Record, kind byte, err error) {
	kind = r.byte()
	rec.ID = string(r.bytes())
	switch kind {
	case kindRecord, kindWhole:
		rec.Whole = kind == kindWhole
		rec.Seq = int(r.number(math.MaxInt - 1))
		rec.Status = chain.Status(r.byte())
		rec.Begun, rec.Changed = r.time(), r.time()
		rec.Plan, rec.Fingerprint = r.name(), r.name()
		rec.Body = r.bytes()
	case kindTombstone:
	default:
		r.fail()
	}
	if r.bad {
		return runner.Record{}, 0, errEntry
	}
	return rec, kind, nil
}

func (r *reader) fail() { r.rest, r.bad = nil, true }

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) number(most uint64) uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > most {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) bytes() []byte {
	n := r.number(math.MaxInt32)
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// name is a text that many records have: they share it.
func (r *reader) name() string { return unique.Make(string(r.bytes())).Value() }

func (r *reader) time() time.Time {
	seconds, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return time.Time{}
	}
	r.rest = r.rest[n:]
	return time.Unix(seconds, int64(r.number(999_999_999))).UTC()
}
