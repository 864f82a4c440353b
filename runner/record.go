package runner

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
)

// A Record's body is a byte for its form, the length and text of a cancellation
// that was asked for, or a zero length, and what was new of the execution's
// snapshot, in the form of the codec, or nothing.
const bodyForm = 1

// appendBody appends a Record's body to body, all but the snapshot.
func appendBody(body []byte, cancellation string) []byte {
	body = append(body, bodyForm)
	body = binary.AppendUvarint(body, uint64(len(cancellation)))
	return append(body, cancellation...)
}

func parseBody(body []byte) (cancellation string, snapshot []byte, err error) {
	if len(body) == 0 || body[0] != bodyForm {
		return "", nil, errors.New("of an unknown form")
	}
	length, n := binary.Uvarint(body[1:])
	if n <= 0 || length > uint64(len(body)-1-n) {
		return "", nil, errors.New("cut off")
	}
	rest := body[1+n:]
	return string(rest[:length]), rest[length:], nil
}

// stored is an execution as the store has it.
type stored[T any] struct {
	head         Head // zero: unknown
	next         int  // the Seq of the record to come
	cancellation string
	exec         *chain.ExecutionContext[T]
}

func (s *stored[T]) unknown() bool { return s.next == 0 }

// unpanicked makes a panic of the user's Codec or Store an error.
func unpanicked(err *error) {
	if v := recover(); v != nil {
		*err = &chain.PanicError{Value: v, Stack: debug.Stack()}
	}
}

// appendTo appends a snapshot to body.
func (d *Durable[T]) appendTo(body []byte, s chain.Snapshot[T]) (_ []byte, err error) {
	defer unpanicked(&err)
	if c, ok := d.codec.(codec.Appender[T]); ok {
		return c.Append(body, s)
	}
	doc, err := d.codec.Encode(s)
	return append(body, doc...), err
}

func (d *Durable[T]) decode(doc []byte) (s chain.Snapshot[T], err error) {
	defer unpanicked(&err)
	return d.codec.Decode(doc)
}

func (d *Durable[T]) append(ctx context.Context, r Record) (err error) {
	defer unpanicked(&err)
	return d.store.Append(ctx, r)
}

func (d *Durable[T]) records(ctx context.Context, id string) (records []Record, err error) {
	defer unpanicked(&err)
	return d.store.Records(ctx, id)
}

// load reads an execution from the store.
func (d *Durable[T]) load(ctx context.Context, id string) (stored[T], error) {
	records, err := d.records(ctx, id)
	if err != nil || len(records) == 0 {
		return stored[T]{}, err
	}
	s := stored[T]{head: records[len(records)-1].Head, next: records[len(records)-1].Seq + 1}
	var parts []chain.Snapshot[T]
	for _, r := range records {
		cancellation, snapshot, err := parseBody(r.Body)
		if err != nil {
			return s, fmt.Errorf("runner: execution %s: record %d: %w", id, r.Seq, err)
		}
		if r.Whole || cancellation != "" {
			s.cancellation = cancellation
		}
		if len(snapshot) == 0 {
			continue
		}
		part, err := d.decode(snapshot)
		if err != nil {
			return s, fmt.Errorf("runner: execution %s: record %d: %w", id, r.Seq, err)
		}
		parts = append(parts, part)
	}
	whole, err := chain.JoinSnapshots(parts...)
	if err == nil {
		s.exec, err = chain.Restore(whole)
	}
	if err != nil {
		return s, fmt.Errorf("runner: execution %s: %w", id, err)
	}
	return s, nil
}
