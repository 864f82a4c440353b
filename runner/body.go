package runner

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// A Record's body is a byte for its form, a cancellation that was asked for, or an
// empty text, and what is new of the execution's snapshot, or nothing. The head of
// the snapshot's document (see codec.Appender) is much the same from step to step:
// of it there is what differs from the head in the record before. So what a step
// writes is as long as what it has changed, however large the data are.
//
//	form | length of the cancellation | cancellation
//	kept of the begin | kept of the end | length of what is between | between | rest of the document
//
// Numbers are uvarints of package binary.
const bodyForm = 2

// appendBody appends a body without a snapshot.
func appendBody(b []byte, cancellation string) []byte {
	b = binary.AppendUvarint(append(b, bodyForm), uint64(len(cancellation)))
	return append(b, cancellation...)
}

// appendDocument completes a body by a document, whose head is so long. before is
// the head in the record before; with none, the body stands alone.
func appendDocument(b, before, doc []byte, head int) []byte {
	begin := commonBegin(before, doc[:head])
	end := commonEnd(before[begin:], doc[begin:head])
	between := doc[begin : head-end]
	for _, n := range []int{begin, end, len(between)} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return append(append(b, between...), doc[head:]...)
}

var errCutOff = errors.New("cut off")

// parseBody takes a body apart. Without a snapshot the document is nil. before is
// the head of the document in the record before.
func parseBody(b, before []byte) (cancellation string, doc []byte, head int, err error) {
	if len(b) == 0 || b[0] != bodyForm {
		return "", nil, 0, errors.New("of an unknown form")
	}
	rest := b[1:]
	number := func() uint64 {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			err = errCutOff
			return 0
		}
		rest = rest[n:]
		return v
	}
	part := func() []byte {
		n := number()
		if n > uint64(len(rest)) {
			err = errCutOff
			return nil
		}
		part := rest[:n]
		rest = rest[n:]
		return part
	}
	cancellation = string(part())
	if err != nil || len(rest) == 0 {
		return cancellation, nil, 0, err
	}
	begin, end, between := number(), number(), part()
	switch most := uint64(len(before)); {
	case err != nil:
		return "", nil, 0, err
	case begin > most || end > most-begin:
		return "", nil, 0, errors.New("does not fit the record before")
	}
	doc = append(append(append(doc, before[:begin]...), between...), before[len(before)-int(end):]...)
	return cancellation, append(doc, rest...), len(doc), nil
}

// stride is how many bytes are compared at once.
const stride = 64

// commonBegin is how many bytes a and b begin with alike.
func commonBegin(a, b []byte) (n int) {
	most := min(len(a), len(b))
	for n+stride <= most && bytes.Equal(a[n:n+stride], b[n:n+stride]) {
		n += stride
	}
	for n < most && a[n] == b[n] {
		n++
	}
	return n
}

// commonEnd is how many bytes a and b end with alike.
func commonEnd(a, b []byte) (n int) {
	most := min(len(a), len(b))
	a, b = a[len(a)-most:], b[len(b)-most:]
	for n+stride <= most && bytes.Equal(a[most-n-stride:most-n], b[most-n-stride:most-n]) {
		n += stride
	}
	for n < most && a[most-n-1] == b[most-n-1] {
		n++
	}
	return n
}
