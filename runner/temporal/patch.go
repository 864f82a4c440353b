package temporal

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
)

// A patch is what has been changed of some JSON: of an object the keys, of an
// array that is no shorter the elements, or else everything. So what a step has
// left alone is not in the history twice.
type patch struct {
	Set   map[string]json.RawMessage `json:"set,omitempty"`   // by key, or by the element's index
	In    map[string]patch           `json:"in,omitempty"`    // those that are patched themselves
	Unset []string                   `json:"unset,omitempty"` // keys
	Added []json.RawMessage          `json:"added,omitempty"` // at the end of an array
	Whole json.RawMessage            `json:"whole,omitempty"` // in place of all
}

// diff is the patch that makes to of from, unless that is longer than what it
// makes.
func diff(from, to json.RawMessage) (p patch) {
	if bytes.Equal(from, to) {
		return patch{}
	}
	if before, after := object(from), object(to); before != nil && after != nil {
		p.between(before, after)
		for key := range before {
			if _, ok := after[key]; !ok {
				p.Unset = append(p.Unset, key)
			}
		}
		slices.Sort(p.Unset)
	} else if before, after := array(from), array(to); before != nil && len(before) <= len(after) {
		p.between(byIndex(before), byIndex(after[:len(before)]))
		p.Added = after[len(before):]
	} else {
		return patch{Whole: to}
	}
	if p.size() > len(to) {
		return patch{Whole: to}
	}
	return p
}

// between takes down which values differ.
func (p *patch) between(before, after map[string]json.RawMessage) {
	p.Set, p.In = map[string]json.RawMessage{}, map[string]patch{}
	for key, value := range after {
		old, ok := before[key]
		if !ok {
			p.Set[key] = value
			continue
		}
		switch inside := diff(old, value); {
		case inside.Whole != nil:
			p.Set[key] = value
		case !inside.isZero():
			p.In[key] = inside
		}
	}
}

func (p patch) isZero() bool {
	return p.Whole == nil && len(p.Set) == 0 && len(p.In) == 0 && len(p.Unset) == 0 && len(p.Added) == 0
}

// size is about how long p is as JSON.
func (p patch) size() int {
	const quoted = 4 // with a colon and a comma
	size := len(p.Whole)
	for key, value := range p.Set {
		size += len(key) + len(value) + quoted
	}
	for key, inside := range p.In {
		size += len(key) + inside.size() + quoted
	}
	for _, key := range p.Unset {
		size += len(key) + quoted
	}
	for _, value := range p.Added {
		size += len(value) + 1
	}
	return size
}

// of is from as patched.
func (p patch) of(from json.RawMessage) (json.RawMessage, error) {
	if p.Whole != nil {
		return p.Whole, nil
	}
	if p.isZero() {
		return from, nil
	}
	elements := array(from)
	keys := byIndex(elements)
	if elements == nil {
		if keys = object(from); keys == nil {
			return nil, errors.New("a patch does not fit the data that it is of")
		}
	}
	maps.Copy(keys, p.Set)
	for _, key := range p.Unset {
		delete(keys, key)
	}
	for key, inside := range p.In {
		value, err := inside.of(keys[key])
		if err != nil {
			return nil, err
		}
		keys[key] = value
	}
	if elements == nil {
		return json.Marshal(keys)
	}
	for i := range elements {
		elements[i] = keys[strconv.Itoa(i)]
	}
	return json.Marshal(append(elements, p.Added...))
}

// object is doc by its keys, or nil for what is no object.
func object(doc json.RawMessage) map[string]json.RawMessage {
	var keys map[string]json.RawMessage
	if json.Unmarshal(doc, &keys) != nil {
		return nil
	}
	return keys
}

// array is doc by its elements, or nil for what is no array.
func array(doc json.RawMessage) []json.RawMessage {
	var elements []json.RawMessage
	if json.Unmarshal(doc, &elements) != nil {
		return nil
	}
	return elements
}

func byIndex(elements []json.RawMessage) map[string]json.RawMessage {
	keys := make(map[string]json.RawMessage, len(elements))
	for i, each := range elements {
		keys[strconv.Itoa(i)] = each
	}
	return keys
}
