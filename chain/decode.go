package chain

import (
	"bytes"
	"encoding"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/taskchain-go/taskchain/internal/strictjson"
)

// readSnapshot reads a document just as appendSnapshot writes it, field by field
// in that order, in a fraction of the time that encoding/json takes. It is false
// for every other document: decode reads those, and knows what is wrong with
// them. A fuzz test compares the two.
func readSnapshot[T any](doc []byte, knownOnly bool) (s Snapshot[T], ok bool) {
	if !utf8.Valid(doc) {
		return s, false
	}
	r := reader{rest: doc}
	r.must(`{"version":`)
	s.Version = r.int()
	r.must(`,"id":`)
	s.ID = r.string()
	if r.take(`,"plan":`) {
		s.Plan = r.string()
	}
	if r.take(`,"fingerprint":`) {
		s.Fingerprint = r.string()
	}
	r.must(`,"status":`)
	r.text(&s.Status)
	r.must(`,"data":`)
	r.value(&s.Data, knownOnly)
	if r.take(`,"metadata":`) {
		var metadata lossless
		r.value(&metadata, false)
		s.Metadata = metadata
	}
	if r.take(`,"steps":[`) {
		for more := true; more && !r.failed; more = r.take(`,`) {
			s.Steps = append(s.Steps, StepState{})
			r.step(&s.Steps[len(s.Steps)-1])
		}
		r.must(`]`)
	}
	if r.take(`,"trace":[`) {
		s.Trace = make([]Event, 0, 2*len(s.Steps)+2) // of a success
		for more := true; more && !r.failed; more = r.take(`,`) {
			s.Trace = append(s.Trace, Event{})
			r.event(&s.Trace[len(s.Trace)-1])
		}
		r.must(`]`)
	}
	r.must(`}`)
	if r.failed || len(r.rest) > 0 || s.validate() != nil {
		return Snapshot[T]{}, false
	}
	return s, true
}

// A reader takes a JSON document apart from its begin. Once something is not as
// expected it has failed, and what it returns means nothing.
type reader struct {
	rest   []byte
	failed bool
	last   string // read before: most steps have two events
}

// take goes past text, if the rest begins with it.
func (r *reader) take(text string) bool {
	if len(r.rest) < len(text) || string(r.rest[:len(text)]) != text {
		return false
	}
	r.rest = r.rest[len(text):]
	return true
}

func (r *reader) must(text string) {
	if !r.take(text) {
		r.failed = true
	}
}

// quoted is what stands between two quotes, without any escapes.
func (r *reader) quoted() []byte {
	r.must(`"`)
	for i, c := range r.rest {
		if c == '"' {
			text := r.rest[:i]
			r.rest = r.rest[i+1:]
			return text
		}
		if c == '\\' || c < ' ' {
			break
		}
	}
	r.failed = true
	return nil
}

// string reads any string.
func (r *reader) string() string {
	before := *r
	text := r.quoted()
	if r.failed && !before.failed { // by an escape, mostly
		*r = before
		var text string
		r.value(&text, false)
		return text
	}
	if string(text) != r.last {
		r.last = string(text)
	}
	return r.last
}

// text reads a string into something that knows how.
func (r *reader) text(into encoding.TextUnmarshaler) {
	if into.UnmarshalText(r.quoted()) != nil {
		r.failed = true
	}
}

func (r *reader) int() int {
	n := r.int64()
	if int64(int(n)) != n {
		r.failed = true
	}
	return int(n)
}

// int64 reads a whole number as strconv writes it.
func (r *reader) int64() int64 {
	length := 0
	for length < len(r.rest) && (r.rest[length]-'0' < 10 || length == 0 && r.rest[0] == '-') {
		length++
	}
	text := string(r.rest[:length])
	r.rest = r.rest[length:]
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		r.failed = true
	}
	return n
}

// value leaves a value that is not null to encoding/json.
func (r *reader) value(into any, knownOnly bool) {
	raw := r.raw()
	if r.failed || raw[0] == 'n' || raw[0] <= ' ' || !json.Valid(raw) || strictjson.Unmarshal(raw, into, knownOnly) != nil {
		r.failed = true
	}
}

// deep is more than anybody's data is, and less than what encoding/json refuses.
const deep = 1000

// raw goes past a value. It need not be valid.
func (r *reader) raw() []byte {
	depth, inString := 0, false
	for i := 0; i < len(r.rest); i++ {
		switch c := r.rest[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if depth < 0 || depth > deep {
			break
		}
		if depth == 0 && !inString && (i+1 == len(r.rest) || bytes.IndexByte([]byte(",}]"), r.rest[i+1]) >= 0) {
			raw := r.rest[:i+1]
			r.rest = r.rest[i+1:]
			return raw
		}
	}
	r.failed = true
	return nil
}

func (r *reader) event(e *Event) {
	r.must(`{"time":`)
	r.text(&e.Time)
	r.must(`,"kind":`)
	r.text(&e.Kind)
	if r.take(`,"phase":`) {
		r.text(&e.Phase)
	}
	if r.take(`,"level":`) {
		r.text(&e.Level)
	}
	if r.take(`,"path":`) {
		e.Path = r.string()
	}
	if r.take(`,"attempt":`) {
		e.Attempt = r.int()
	}
	if r.take(`,"message":`) {
		e.Message = r.string()
	}
	if r.take(`,"error":`) {
		e.Error = r.string()
	}
	if r.take(`,"delay_ns":`) {
		e.Delay = time.Duration(r.int64())
	}
	r.must(`}`)
}

func (r *reader) step(s *StepState) {
	r.must(`{"path":`)
	s.Path = r.string()
	r.must(`,"kind":`)
	s.Kind = r.string()
	s.Compensation = r.take(`,"compensation":true`)
	r.must(`,"state":`)
	r.text(&s.State)
	if r.take(`,"attempts":`) {
		s.Attempts = r.int()
	}
	if r.take(`,"error":`) {
		s.Error = r.error()
	}
	if r.take(`,"ending":`) {
		r.text(&s.Ending)
	}
	if r.take(`,"undo":`) {
		r.text(&s.Undo)
	}
	if r.take(`,"undo_order":`) {
		s.UndoOrder = r.int()
	}
	if r.take(`,"undo_attempts":`) {
		s.UndoAttempts = r.int()
	}
	if r.take(`,"undo_error":`) {
		s.UndoError = r.error()
	}
	r.must(`}`)
}

func (r *reader) error() *StoredError {
	e := new(StoredError)
	r.must(`{"text":`)
	e.Text = r.string()
	if r.take(`,"code":`) {
		e.Code = r.string()
	}
	r.must(`}`)
	return e
}
