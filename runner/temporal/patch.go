package temporal

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// A patch is what a step has changed of the data: of an object the keys, or else
// everything. So the data is not in the history twice a step.
type patch struct {
	Set   map[string]json.RawMessage `json:"set,omitempty"`
	Unset []string                   `json:"unset,omitempty"`
	Whole json.RawMessage            `json:"whole,omitempty"`
}

// diff is the patch that makes to of from.
func diff(from, to json.RawMessage) patch {
	if bytes.Equal(from, to) {
		return patch{}
	}
	before, after := object(from), object(to)
	if before == nil || after == nil {
		return patch{Whole: to}
	}
	p := patch{Set: map[string]json.RawMessage{}}
	for key, value := range after {
		if old, ok := before[key]; !ok || !bytes.Equal(old, value) {
			p.Set[key] = value
		}
		delete(before, key)
	}
	p.Unset = slices.Sorted(maps.Keys(before))
	return p
}

// object is doc by its keys, or nil for what is no object.
func object(doc json.RawMessage) map[string]json.RawMessage {
	var keys map[string]json.RawMessage
	if json.Unmarshal(doc, &keys) != nil {
		return nil
	}
	return keys
}

// of is from as patched.
func (p patch) of(from json.RawMessage) (json.RawMessage, error) {
	if p.Whole != nil {
		return p.Whole, nil
	}
	if len(p.Set) == 0 && len(p.Unset) == 0 {
		return from, nil
	}
	keys := object(from)
	if keys == nil {
		keys = map[string]json.RawMessage{}
	}
	maps.Copy(keys, p.Set)
	for _, key := range p.Unset {
		delete(keys, key)
	}
	return json.Marshal(keys)
}
