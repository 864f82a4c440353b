package chain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/taskchain-go/taskchain/internal/strictjson"
)

// MarshalJSON writes the execution's Snapshot.
func (c *ExecutionContext[T]) MarshalJSON() ([]byte, error) {
	doc, err := json.Marshal(c.Snapshot())
	if err != nil {
		return nil, fmt.Errorf("taskchain: encode: %w", err)
	}
	return doc, nil
}

// UnmarshalJSON reads what MarshalJSON wrote into an execution that has not
// begun. Fields it does not know are ignored; everything else that is wrong is
// an error, and then the execution is as it was. Package codec can be stricter.
func (c *ExecutionContext[T]) UnmarshalJSON(doc []byte) error {
	if c.recorder.Status() != Pending {
		return errors.New("taskchain: decode: into an execution that has begun")
	}
	snapshot, err := DecodeSnapshot[T](doc, false)
	if err != nil {
		return err
	}
	exec, err := Restore(snapshot)
	if err != nil {
		return err
	}
	c.ID, c.Data = exec.ID, exec.Data
	c.recorder.adopt(&exec.recorder)
	return nil
}

// adopt takes over what from, which nobody else has, knows of earlier runs.
func (r *Recorder) adopt(from *Recorder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.id, r.plan, r.fingerprint, r.status = from.id, from.plan, from.fingerprint, from.status
	r.past, r.before, r.metadata = from.past, from.before, from.metadata
}

// DecodeSnapshot reads the JSON form of a Snapshot; it is what package codec is
// made of. knownOnly makes fields that the form or T does not have an error. An
// error says where: `taskchain: decode: trace[3].time: …`.
func DecodeSnapshot[T any](doc []byte, knownOnly bool) (Snapshot[T], error) {
	// The outer fields shadow the Snapshot's own: a nil tells a missing field
	// from an empty one, and numbers of the metadata are read without loss.
	var form struct {
		Version  *int     `json:"version"`
		Status   *Status  `json:"status"`
		Data     *T       `json:"data"`
		Metadata lossless `json:"metadata"`
		Snapshot[T]
	}
	if err := strictjson.Decode(doc, &form, knownOnly); err != nil {
		return Snapshot[T]{}, fmt.Errorf("taskchain: decode: %w", err)
	}
	for _, required := range []struct {
		name string
		has  bool
	}{{"version", form.Version != nil}, {"status", form.Status != nil}, {"data", form.Data != nil}} {
		if !required.has {
			return Snapshot[T]{}, fmt.Errorf("taskchain: decode: %s: is missing", required.name)
		}
	}
	snapshot := form.Snapshot
	snapshot.Version, snapshot.Status, snapshot.Data = *form.Version, *form.Status, *form.Data
	snapshot.Metadata = form.Metadata
	if err := snapshot.validate(); err != nil {
		return Snapshot[T]{}, fmt.Errorf("taskchain: decode: %w", err)
	}
	return snapshot, nil
}

// lossless is metadata whose numbers are read without losing digits.
type lossless map[string]any

// UnmarshalJSON reads numbers as float64, or as json.Number where that would be
// another number.
func (m *lossless) UnmarshalJSON(doc []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		return err
	}
	for key, value := range values {
		values[key] = float(value)
	}
	*m = values
	return nil
}

// float replaces the json.Numbers in value that a float64 can hold.
func float(value any) any {
	switch value := value.(type) {
	case json.Number:
		if f, err := value.Float64(); err == nil && sameInteger(value.String(), f) {
			return f
		}
	case map[string]any:
		for key, each := range value {
			value[key] = float(each)
		}
	case []any:
		for i, each := range value {
			value[i] = float(each)
		}
	}
	return value
}

// sameInteger tells whether f is the integer in text; a text that is no integer
// is as exact as its writer had it.
func sameInteger(text string, f float64) bool {
	if strings.ContainsAny(text, ".eE") {
		return true
	}
	return strconv.FormatFloat(f, 'f', 0, 64) == text
}
