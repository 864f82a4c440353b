package services

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const maxBody = 64 << 10

// desk is what the services share: it takes a call, rolls its fault, does the work at most once per
// idempotency key, and answers.
type desk struct {
	dice *dice
	mux  *http.ServeMux

	mu     sync.Mutex // also guards the books of the service
	first  map[string]done
	closed map[string]bool // orders that were undone
}

// done is what was asked with an idempotency key, and what was answered.
type done struct {
	asked  any
	answer answer
}

// answer is a receipt (2xx) or a reason (all others).
type answer struct {
	status int
	text   string
}

// order is the body of a POST. Its types are comparable, for desk.once.
type order interface {
	comparable
	id() string
	validate() error
}

func newDesk(service string, f Faults) desk {
	return desk{dice: newDice(service, f), mux: http.NewServeMux(), first: map[string]done{}, closed: map[string]bool{}}
}

// ServeHTTP implements [http.Handler].
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.mux.ServeHTTP(w, r) }

// onPost routes POST path to do, which runs under the desk's lock.
func onPost[O order](d *desk, path string, do func(O) answer) {
	d.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		o, err := read[O](w, r)
		if err != nil {
			answer{http.StatusBadRequest, err.Error()}.write(w)
			return
		}
		key := r.Header.Get("Idempotency-Key")
		d.serve(w, r, o.id(), func() answer {
			return d.once(key, o, func() answer { return unlessClosed(d, o, do) })
		})
	})
}

// unlessClosed refuses an order that was undone before. A caller that gives up on a POST and sends the DELETE
// at once may be faster with it: the POST, still on its way, must then find the door closed, or nobody
// would ever undo it.
func unlessClosed[O order](d *desk, o O, do func(O) answer) answer {
	if d.closed[o.id()] {
		return answer{http.StatusGone, "the order was undone before"}
	}
	return do(o)
}

// onDelete routes DELETE path/{order} to do, which runs under the desk's lock.
func (d *desk) onDelete(path string, do func(order string) answer) {
	d.mux.HandleFunc("DELETE "+path+"/{order}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("order")
		d.serve(w, r, id, func() answer {
			d.closed[id] = true
			return do(id)
		})
	})
}

// read reads the body to its end: the server notices a client that hangs up only after that.
func read[O order](w http.ResponseWriter, r *http.Request) (o O, err error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return o, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return o, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return o, errors.New("trailing data")
	}
	if o.id() == "" {
		return o, errors.New("no order")
	}
	return o, o.validate()
}

// once does the work unless the key has been answered before. Refusals are remembered as well.
func (d *desk) once(key string, asked any, work func() answer) answer {
	if key == "" {
		return work()
	}
	if f, ok := d.first[key]; ok {
		if f.asked != asked {
			return answer{http.StatusBadRequest, "idempotency key used before for another request"}
		}
		return f.answer
	}
	a := work()
	d.first[key] = done{asked, a}
	return a
}

// serve does the work and answers, or lets the fault of this call happen.
func (d *desk) serve(w http.ResponseWriter, r *http.Request, order string, work func() answer) {
	f, wait := d.dice.roll(r.Method, order)
	switch f {
	case unavailable:
		answer{http.StatusServiceUnavailable, "try again"}.write(w)
		return
	case limited:
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		answer{http.StatusTooManyRequests, "too many requests"}.write(w)
		return
	}

	if r.Context().Err() != nil {
		return // The client has gone before the work began.
	}
	a := d.locked(work)

	switch f {
	case slow:
		if !pause(r, d.dice.faults.Delay) {
			return
		}
	case lost:
		hangUp(w)
		return
	}
	a.write(w)
}

func (d *desk) locked(work func() answer) answer {
	d.mu.Lock()
	defer d.mu.Unlock()
	return work()
}

// pause waits, and reports whether the client is still there.
func pause(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// hangUp cuts the connection. It first sends the beginning of an answer: when not one byte comes back on
// a connection used before, Go's client repeats a request that has an Idempotency-Key by itself,
// and whether the caller sees the lost answer would depend on which connection was free.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // The next best way to give no answer.
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 ")
	_ = conn.Close()
}

func (a answer) write(w http.ResponseWriter) {
	if a.status == http.StatusNoContent {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(a.status)
	_, _ = fmt.Fprintln(w, a.text)
}

// receipt names the n-th effect for an order, so that the same run gives the same receipts.
func receipt(prefix, order string, n int) answer {
	return answer{http.StatusCreated, fmt.Sprintf("%s-%s-%d", prefix, order, n)}
}

var undone = answer{status: http.StatusNoContent}
