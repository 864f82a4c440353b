package strictjson

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxDepth bounds the search for the place of an error: each level decodes once
// more what is inside it.
const maxDepth = 32

var (
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// locate decodes piece by piece to find the deepest value that does not fit t,
// and returns its place within doc.
func locate(doc []byte, t reflect.Type, knownOnly bool, depth int) (place string, cause error) {
	err := Unmarshal(doc, reflect.New(t).Interface(), knownOnly)
	if err == nil {
		return "", nil
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if p := reflect.PointerTo(t); depth == maxDepth || p.Implements(jsonUnmarshaler) || p.Implements(textUnmarshaler) {
		return "", err
	}
	inside := func(head string, value json.RawMessage, t reflect.Type) bool {
		rest, deeper := locate(value, t, knownOnly, depth+1)
		if deeper != nil {
			place, err = within(head, rest), deeper
		}
		return deeper != nil
	}
	switch t.Kind() {
	case reflect.Struct:
		var values map[string]json.RawMessage
		_ = json.Unmarshal(doc, &values) // what is no object has nothing inside
		fields := reflect.VisibleFields(t)
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if field, ok := fieldFor(fields, name); ok && inside(key(name), values[name], field.Type) {
				return place, err
			}
		}
	case reflect.Map:
		var values map[string]json.RawMessage
		_ = json.Unmarshal(doc, &values)
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if inside(key(name), values[name], t.Elem()) {
				return place, err
			}
		}
	case reflect.Slice, reflect.Array:
		var values []json.RawMessage
		_ = json.Unmarshal(doc, &values)
		for i, value := range values {
			if inside(index(i), value, t.Elem()) {
				return place, err
			}
		}
	}
	return "", err
}

// fieldFor is the field that encoding/json takes for a key.
func fieldFor(fields []reflect.StructField, key string) (found reflect.StructField, ok bool) {
	for _, field := range fields {
		tag := field.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if tag == "-" || !field.IsExported() || field.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = field.Name
		}
		if name == key {
			return field, true
		}
		if strings.EqualFold(name, key) && !ok {
			found, ok = field, true
		}
	}
	return found, ok
}

// plain says of a value of the wrong type what it is and what it should be, and
// not where: Decode says that better.
func plain(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("want %s, got %s", wanted(wrong.Type), wrong.Value)
	}
	if text, ok := strings.CutPrefix(err.Error(), "json: "); ok && strings.HasPrefix(text, "unknown field") {
		return errors.New(text)
	}
	return err
}

func wanted(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return "a string"
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "an array"
	}
	return t.String()
}

// within puts what stands around a place before it: `trace` and `[3].time` make
// `trace[3].time`.
func within(head, rest string) string {
	if rest == "" || rest[0] == '[' {
		return head + rest
	}
	return head + "." + rest
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }

// key is a name as part of a place, quoted if it could be taken for something
// else.
func key(name string) string {
	strange := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' }
	if name == "" || strings.ContainsFunc(name, strange) {
		return fmt.Sprintf("[%q]", name)
	}
	return name
}

func colon(place string) string {
	if place == "" {
		return ""
	}
	return place + ": "
}
