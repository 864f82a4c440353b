package runner

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
)

// stored is an execution as the store has it.
type stored[T any] struct {
	head         Head // zero: unknown
	next         int  // the Seq of the record to come
	cancellation string
	asked        bool // for the cancellation just now: it is not recorded yet
	exec         *chain.ExecutionContext[T]
}

func (s *stored[T]) unknown() bool { return s.next == 0 }

// unpanicked makes a panic of the user's Codec or Store an error.
func unpanicked(err *error) {
	if v := recover(); v != nil {
		*err = &chain.PanicError{Value: v, Stack: debug.Stack()}
	}
}

// encode adds a snapshot's document to doc, and says how long its head is.
func (d *Durable[T]) encode(doc []byte, s chain.Snapshot[T]) (_ []byte, head int, err error) {
	defer unpanicked(&err)
	c, ok := d.codec.(codec.Appender[T])
	if !ok {
		made, err := d.codec.Encode(s)
		return append(doc, made...), 0, err
	}
	doc, head, err = c.Append(doc, s)
	if err == nil && (head < 0 || head > len(doc)) {
		err = fmt.Errorf("%T says that %d of %d bytes are the head", c, head, len(doc))
	}
	return doc, head, err
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
	var (
		parts []chain.Snapshot[T]
		head  []byte // of the newest document
	)
	for _, r := range records {
		cancellation, doc, length, err := parseBody(r.Body, head)
		if err != nil {
			return s, fmt.Errorf("runner: execution %s: record %d: %w", id, r.Seq, err)
		}
		if r.Whole || cancellation != "" {
			s.cancellation = cancellation
		}
		if doc == nil {
			continue
		}
		head = append(head[:0], doc[:length]...) // the codec may decode where the bytes are
		part, err := d.decode(doc)
		if err != nil {
			return s, fmt.Errorf("runner: execution %s: record %d: %w", id, r.Seq, err)
		}
		if n := len(parts); n > 0 {
			var none T
			parts[n-1].Data = none // those of the newest are needed
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
