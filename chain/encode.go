package chain

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// appendSnapshot adds what encoding/json would write of a Snapshot to doc, to the
// byte, in a fraction of the time: all but data and metadata, which it leaves to
// encoding/json, is known beforehand. A test compares the two. The head ends
// before the steps.
func appendSnapshot[T any](doc []byte, s *Snapshot[T]) (all []byte, head int, err error) {
	w := writer{doc: slices.Grow(doc, 256+80*len(s.Steps)+112*len(s.Trace))} // mostly enough, but for the data
	w.raw(`{"version":`).int(int64(s.Version))
	w.raw(`,"id":`).string(s.ID)
	if s.Plan != "" {
		w.raw(`,"plan":`).string(s.Plan)
	}
	if s.Fingerprint != "" {
		w.raw(`,"fingerprint":`).string(s.Fingerprint)
	}
	w.raw(`,"status":`).string(s.Status.String())
	w.raw(`,"data":`).json(s.Data)
	if len(s.Metadata) > 0 {
		w.raw(`,"metadata":`).json(s.Metadata)
	}
	head = len(w.doc)
	if len(s.Steps) > 0 {
		w.raw(`,"steps":`)
		for i := range s.Steps {
			w.separator(i).step(&s.Steps[i])
		}
		w.raw(`]`)
	}
	if len(s.Trace) > 0 {
		w.raw(`,"trace":`)
		for i := range s.Trace {
			w.separator(i).event(&s.Trace[i])
		}
		w.raw(`]`)
	}
	w.raw(`}`)
	return w.doc, head, w.err
}

// A writer appends to a JSON document; err is the first thing that it could not
// write.
type writer struct {
	doc []byte
	err error
}

func (w *writer) raw(text string) *writer {
	w.doc = append(w.doc, text...)
	return w
}

// separator stands before the i-th element of an array.
func (w *writer) separator(i int) *writer {
	if i == 0 {
		return w.raw(`[`)
	}
	return w.raw(`,`)
}

// json has encoding/json write a value of the user's, without a copy on the way.
func (w *writer) json(value any) {
	err := json.NewEncoder(w).Encode(value)
	w.fail(err)
	if err == nil {
		w.doc = w.doc[:len(w.doc)-len("\n")] // which ends what an Encoder writes
	}
}

// Write is for json.
func (w *writer) Write(doc []byte) (int, error) {
	w.doc = append(w.doc, doc...)
	return len(doc), nil
}

func (w *writer) int(n int64) { w.doc = strconv.AppendInt(w.doc, n, 10) }

// string writes plain text itself and leaves all that has to be escaped to
// encoding/json.
func (w *writer) string(text string) {
	for i := range len(text) {
		if !plain(text[i]) {
			quoted, err := json.Marshal(text)
			w.fail(err)
			w.doc = append(w.doc, quoted...)
			return
		}
	}
	w.doc = append(append(append(w.doc, '"'), text...), '"')
}

// plain tells whether c stands for itself in a string as encoding/json writes it.
func plain(c byte) bool {
	return c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
}

func (w *writer) time(at time.Time) {
	doc, err := at.AppendText(append(w.doc, '"'))
	w.fail(err)
	w.doc = append(doc, '"')
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// number writes one unless it is zero.
func (w *writer) number(key string, n int64) {
	if n != 0 {
		w.raw(key).int(n)
	}
}

// text writes a string unless it is empty.
func (w *writer) text(key, text string) {
	if text != "" {
		w.raw(key).string(text)
	}
}

func (w *writer) event(e *Event) {
	w.raw(`{"time":`).time(e.Time)
	w.raw(`,"kind":`).string(e.Kind.String())
	if e.Phase != Forward {
		w.raw(`,"phase":`).string(e.Phase.String())
	}
	if e.Level != slog.LevelInfo {
		w.raw(`,"level":`).string(e.Level.String())
	}
	w.text(`,"path":`, e.Path)
	w.number(`,"attempt":`, int64(e.Attempt))
	w.text(`,"message":`, e.Message)
	w.text(`,"error":`, e.Error)
	w.number(`,"delay_ns":`, int64(e.Delay))
	w.raw(`}`)
}

func (w *writer) step(s *StepState) {
	w.raw(`{"path":`).string(s.Path)
	w.raw(`,"kind":`).string(s.Kind)
	if s.Compensation {
		w.raw(`,"compensation":true`)
	}
	w.raw(`,"state":`).string(s.State.String())
	w.number(`,"attempts":`, int64(s.Attempts))
	w.error(`,"error":`, s.Error)
	if s.Ending != ByItself {
		w.raw(`,"ending":`).string(endingNames[s.Ending])
	}
	if s.Undo != 0 {
		w.raw(`,"undo":`).string(s.Undo.String())
	}
	w.number(`,"undo_order":`, int64(s.UndoOrder))
	w.number(`,"undo_attempts":`, int64(s.UndoAttempts))
	w.error(`,"undo_error":`, s.UndoError)
	w.raw(`}`)
}

func (w *writer) error(key string, e *StoredError) {
	if e != nil {
		w.raw(key).raw(`{"text":`).string(e.Text)
		w.text(`,"code":`, e.Code)
		w.raw(`}`)
	}
}
