package shop

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
)

// MaxLine is the length, in bytes, of the longest line that is read. Longer ones are malformed.
const MaxLine = 1 << 20

// A MalformedError is a line that is no order.
type MalformedError struct {
	Line int // counted from 1
	Err  error
}

func (e *MalformedError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *MalformedError) Unwrap() error { return e.Err }

// ReadOrders reads the input as it is needed, until its end or that of ctx. With each line comes an order or a
// *MalformedError; any other error is that of reading, and the last. It reads in a goroutine of its own, so
// that Ctrl-C is heard while a terminal or a pipe has nothing to say.
func ReadOrders(ctx context.Context, in io.Reader) iter.Seq2[Order, error] {
	return func(yield func(Order, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		lines := make(chan line)
		go readLines(ctx, in, lines)
		for {
			select {
			case l, more := <-lines:
				if !more || !yield(l.order, l.err) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// A line is what came of one line of the input.
type line struct {
	order Order
	err   error
}

func readLines(ctx context.Context, in io.Reader, lines chan<- line) {
	defer close(lines)
	r := orderReader{in: bufio.NewReader(in), seen: map[string]int{}}
	for {
		order, err := r.next()
		if err == io.EOF {
			return
		}
		select {
		case lines <- line{order, err}:
		case <-ctx.Done():
			return
		}
		if _, malformed := errors.AsType[*MalformedError](err); err != nil && !malformed {
			return
		}
	}
}

// An orderReader reads orders one by one. Of an order it keeps the id, to notice a second one.
type orderReader struct {
	in     *bufio.Reader
	number int            // of the line
	seen   map[string]int // the line of each id
}

// next returns the next order. Empty lines are none, and no fault either.
func (r *orderReader) next() (Order, error) {
	for {
		text, err := r.line()
		if err != nil {
			return Order{}, err
		}
		if len(text) == 0 {
			continue
		}
		order, err := r.parse(text)
		if err != nil {
			return Order{}, &MalformedError{r.number, err}
		}
		return order, nil
	}
}

func (r *orderReader) parse(text []byte) (Order, error) {
	if len(text) > MaxLine {
		return Order{}, fmt.Errorf("longer than %d bytes", MaxLine)
	}
	order, err := parseOrder(text)
	if err != nil {
		return Order{}, err
	}
	// The id is the execution's too, and with it what the services know a repeated request by.
	if first, ok := r.seen[order.ID]; ok {
		return Order{}, fmt.Errorf("id %q is that of line %d", order.ID, first)
	}
	r.seen[order.ID] = r.number
	return order, nil
}

// line returns the next line without the white space around it. It never holds much more than MaxLine.
func (r *orderReader) line() (text []byte, err error) {
	r.number++
	for {
		part, err := r.in.ReadSlice('\n')
		if len(text) <= MaxLine {
			text = append(text, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(text) == 0:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, fmt.Errorf("line %d: %w", r.number, err)
		}
		if r.number == 1 {
			text = bytes.TrimPrefix(text, []byte("\ufeff")) // what some editors begin a file with
		}
		return bytes.TrimSpace(text), nil
	}
}
