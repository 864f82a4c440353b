package temporal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// merge makes one document of copies that were changed apart: what one of them
// has changed of base is changed. Objects are merged key by key, and arrays that
// have kept their length element by element; all else is one part. A part that
// two have set differently is an error that says where and by whom, and then the
// first one's stands.
func merge(base json.RawMessage, names []string, copies []json.RawMessage) (json.RawMessage, error) {
	var by []setter
	for i, c := range copies {
		if !bytes.Equal(c, base) {
			by = append(by, setter{i, c})
		}
	}
	m := merging{names: names}
	doc := m.part("", base, by)
	return doc, errors.Join(m.conflicts...)
}

// A setter is a copy that has changed a part, and what it is there: nil is that
// there is none.
type setter struct {
	copy int
	to   json.RawMessage
}

type merging struct {
	names     []string // of the copies
	conflicts []error
}

// part is what the copies that have changed base, which is at path, make of it.
func (m *merging) part(path string, base json.RawMessage, by []setter) json.RawMessage {
	if len(by) == 0 {
		return base
	}
	first := by[0]
	by = append(by[:1], slices.DeleteFunc(by[1:], func(s setter) bool { return bytes.Equal(s.to, first.to) })...)
	if len(by) == 1 {
		return first.to
	}
	if doc, ok := m.object(path, base, by); ok {
		return doc
	}
	if doc, ok := m.array(path, base, by); ok {
		return doc
	}
	m.conflict(path, by)
	return first.to
}

func (m *merging) conflict(path string, by []setter) {
	var setters []string
	for _, s := range by {
		setters = append(setters, strconv.Quote(m.names[s.copy]))
	}
	what := "data" + path
	if path == "" {
		what = "the data"
	}
	m.conflicts = append(m.conflicts, fmt.Errorf("branches %s have set %s differently", strings.Join(setters, " and "), what))
}

// object merges what is an object in each copy. What was none yet was an empty one.
func (m *merging) object(path string, base json.RawMessage, by []setter) (doc json.RawMessage, ok bool) {
	keys := map[string]json.RawMessage{}
	if base != nil && json.Unmarshal(base, &keys) != nil {
		return nil, false
	}
	changed := map[string][]setter{}
	for _, s := range by {
		theirs := object(s.to)
		if theirs == nil {
			return nil, false
		}
		for key, value := range theirs {
			if was, ok := keys[key]; !ok || !bytes.Equal(value, was) {
				changed[key] = append(changed[key], setter{s.copy, value})
			}
		}
		for key := range keys {
			if _, ok := theirs[key]; !ok {
				changed[key] = append(changed[key], setter{s.copy, nil})
			}
		}
	}
	merged := maps.Clone(keys)
	if merged == nil { // a null
		merged = map[string]json.RawMessage{}
	}
	for _, key := range slices.Sorted(maps.Keys(changed)) {
		if merged[key] = m.part(path+"."+key, keys[key], changed[key]); merged[key] == nil {
			delete(merged, key)
		}
	}
	return m.write(merged)
}

// array merges what is an array of one length in base and each copy.
func (m *merging) array(path string, base json.RawMessage, by []setter) (doc json.RawMessage, ok bool) {
	merged := array(base)
	changed := make([][]setter, len(merged))
	for _, s := range by {
		theirs := array(s.to)
		if theirs == nil || len(theirs) != len(merged) {
			return nil, false
		}
		for i, value := range theirs {
			if !bytes.Equal(value, merged[i]) {
				changed[i] = append(changed[i], setter{s.copy, value})
			}
		}
	}
	for i, by := range changed {
		merged[i] = m.part(fmt.Sprintf("%s[%d]", path, i), merged[i], by)
	}
	return m.write(merged)
}

func (m *merging) write(value any) (json.RawMessage, bool) {
	doc, err := json.Marshal(value)
	return doc, err == nil // what was read can be written
}
