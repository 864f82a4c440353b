package chain

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/taskchain-go/taskchain/internal/strictjson"
)

// MarshalJSON writes the execution's Snapshot.
func (c *ExecutionContext[T]) MarshalJSON() ([]byte, error) { return EncodeSnapshot(c.Snapshot()) }

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
	r.with, r.cells = from.with, nil
	r.standing.stand(from.standing.status())
	rare := r.rarities()
	rare.details, rare.undoing, rare.goesOn = nil, false, false // what was recorded before
	*r.more() = from.rest()
}

// EncodeSnapshot writes the JSON form of a Snapshot; it is what package codec is
// made of. It refuses what DecodeSnapshot would refuse, and says what of the
// data or metadata JSON can't hold.
func EncodeSnapshot[T any](s Snapshot[T]) (doc []byte, err error) {
	doc, _, err = AppendSnapshot(nil, s)
	return doc, err
}

// AppendSnapshot is EncodeSnapshot that adds the JSON to doc, for authors of runners
// who make one buffer do for many. It says where the head of all ends: what stands
// behind that are the steps and the trace. After an error what it returns is nil.
func AppendSnapshot[T any](doc []byte, s Snapshot[T]) (all []byte, head int, err error) {
	defer recovered("encode", &err)
	if err := s.validate(); err != nil {
		return nil, 0, fmt.Errorf("taskchain: encode: %w", err)
	}
	made, end, err := appendSnapshot(doc, &s)
	if err != nil {
		if _, more := json.Marshal(s); more != nil { // which says more of it
			err = more
		}
		return nil, 0, fmt.Errorf("taskchain: encode: %w", unencodable(s.Data, s.Metadata, err))
	}
	return made, end, nil
}

// unencodable adds to an error of encoding/json what it is about.
func unencodable(data any, metadata map[string]any, err error) error {
	if _, err := json.Marshal(data); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if _, err := json.Marshal(metadata[key]); err != nil {
			return fmt.Errorf("metadata.%s: %w", key, err)
		}
	}
	return err
}

// recovered makes a panic in a user's MarshalJSON or UnmarshalJSON an error.
func recovered(what string, err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("taskchain: %s: panic: %v", what, v)
	}
}

// DecodeSnapshot reads the JSON form of a Snapshot; it is what package codec is
// made of. knownOnly makes fields that the form or T does not have an error. A
// key that stands twice is one, but for keys inside data and metadata. An error
// says where: `taskchain: decode: trace[3].time: …`.
func DecodeSnapshot[T any](doc []byte, knownOnly bool) (s Snapshot[T], err error) {
	defer recovered("decode", &err)
	if s, ok := readSnapshot[T](doc, knownOnly); ok {
		return s, nil
	}
	read, err := decode[T](doc, knownOnly)
	if err != nil {
		return s, fmt.Errorf("taskchain: decode: %w", err)
	}
	return read, nil
}

func decode[T any](doc []byte, knownOnly bool) (Snapshot[T], error) {
	// The outer fields shadow the Snapshot's own: a nil tells a missing field
	// from an empty one, and numbers of the metadata are read without loss.
	var form struct {
		Version  *int     `json:"version"`
		Status   *Status  `json:"status"`
		Data     *T       `json:"data"`
		Metadata lossless `json:"metadata"`
		Snapshot[T]
	}
	if err := strictjson.Decode(doc, &form, knownOnly, "data", "metadata"); err != nil {
		if version, ok := versionOf(doc); ok && !knownVersion(version) {
			err = unknownVersion(version) // which is why the rest does not fit
		}
		return form.Snapshot, err
	}
	snapshot := form.Snapshot
	switch {
	case form.Version == nil:
		return snapshot, errors.New("version: is missing")
	case !knownVersion(*form.Version):
		return snapshot, unknownVersion(*form.Version)
	case form.Status == nil:
		return snapshot, errors.New("status: is missing")
	case form.Data != nil:
		snapshot.Data = *form.Data
	default:
		if err := nullData(doc, &snapshot.Data); err != nil {
			return snapshot, fmt.Errorf("data: %w", err)
		}
	}
	snapshot.Version, snapshot.Status, snapshot.Metadata = *form.Version, *form.Status, form.Metadata
	return snapshot, snapshot.validate()
}

func versionOf(doc []byte) (version int, ok bool) {
	var form struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(doc, &form); err != nil || form.Version == nil {
		return 0, false
	}
	return *form.Version, true
}

// nullData reads data that was found to be null, or not at all. Only a T that is
// written as null can be read from it.
func nullData[T any](doc []byte, data *T) error {
	var form struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(doc, &form); err != nil || form.Data == nil {
		return errors.New("is missing")
	}
	if zero, err := json.Marshal(data); err != nil || string(zero) != "null" {
		return fmt.Errorf("is null, which no %s is", reflect.TypeFor[T]())
	}
	return json.Unmarshal(form.Data, data)
}
