package temporal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// merge makes one document of copies that were changed apart: what one of them
// has changed of base is changed. Objects are merged key by key, and arrays that
// have kept their length element by element; all else is one part. A part that
// two have set differently is an error that says where and by whom, and then the
// first one's stands.
func merge(base json.RawMessage, names []string, copies []json.RawMessage) (json.RawMessage, error) {
	merged, changes := base, 0
	for _, c := range copies {
		if !bytes.Equal(c, base) {
			merged = c
			changes++
		}
	}
	if changes <= 1 {
		return merged, nil
	}
	from, err := read(base)
	if err != nil {
		return base, err
	}
	values := make([]any, len(copies))
	for i, c := range copies {
		if values[i], err = read(c); err != nil {
			return base, err
		}
	}
	m := merging{names: names}
	doc, err := json.Marshal(m.value("", from, values))
	return doc, errors.Join(append(m.conflicts, err)...)
}

// read keeps numbers as they are written.
func read(doc json.RawMessage) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

type merging struct {
	names     []string // of the copies
	conflicts []error
}

// absent is the value of a key that an object does not have.
type absent struct{}

// value is what the copies make of base, which is at path.
func (m *merging) value(path string, base any, copies []any) any {
	var by []int // the copies that have set it, to different values
	for i, c := range copies {
		if !reflect.DeepEqual(c, base) && !slices.ContainsFunc(by, func(j int) bool { return reflect.DeepEqual(c, copies[j]) }) {
			by = append(by, i)
		}
	}
	switch len(by) {
	case 0:
		return base
	case 1:
		return copies[by[0]]
	}
	if objects, ok := all[map[string]any](base, copies); ok {
		return m.object(path, objects[0], objects[1:])
	}
	if arrays, ok := all[[]any](base, copies); ok && sameLength(arrays) {
		return m.array(path, arrays[0], arrays[1:])
	}
	var setters []string
	for _, i := range by {
		setters = append(setters, fmt.Sprintf("%q", m.names[i]))
	}
	m.conflicts = append(m.conflicts, fmt.Errorf("branches %s have set %s differently", strings.Join(setters, " and "), where(path)))
	return copies[by[0]]
}

func where(path string) string {
	if path == "" {
		return "the data"
	}
	return "data" + path
}

// all is base and the copies as values of one kind. What is not there yet is an
// empty one.
func all[V map[string]any | []any](base any, copies []any) ([]V, bool) {
	values := make([]V, 0, len(copies)+1)
	for _, each := range append([]any{base}, copies...) {
		value, ok := each.(V)
		if !ok && each != nil && each != (absent{}) {
			return nil, false
		}
		values = append(values, value)
	}
	return values, true
}

func sameLength(arrays [][]any) bool {
	for _, a := range arrays {
		if len(a) != len(arrays[0]) {
			return false
		}
	}
	return true
}

func (m *merging) object(path string, base map[string]any, copies []map[string]any) map[string]any {
	keys := maps.Clone(base)
	if keys == nil {
		keys = map[string]any{}
	}
	for _, c := range copies {
		maps.Copy(keys, c)
	}
	merged := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		values := make([]any, len(copies))
		for i, c := range copies {
			values[i] = at(c, key)
		}
		if value := m.value(path+"."+key, at(base, key), values); value != (any)(absent{}) {
			merged[key] = value
		}
	}
	return merged
}

func at(object map[string]any, key string) any {
	if value, ok := object[key]; ok {
		return value
	}
	return absent{}
}

func (m *merging) array(path string, base []any, copies [][]any) []any {
	merged := make([]any, len(base))
	for i := range base {
		values := make([]any, len(copies))
		for j, c := range copies {
			values[j] = c[i]
		}
		merged[i] = m.value(fmt.Sprintf("%s[%d]", path, i), base[i], values)
	}
	return merged
}
