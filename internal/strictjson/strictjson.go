// Package strictjson decodes one JSON document into a Go value and says where
// the document is wrong.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Decode reads exactly one JSON document into dst, a pointer. knownOnly makes
// fields that dst does not have an error. An error names the place: `offset 12:`
// for text that is no JSON, `trace[3].time:` for a value that does not fit.
func Decode(doc []byte, dst any, knownOnly bool) error {
	if !json.Valid(doc) { // so that text behind the document counts as well
		return syntax(doc)
	}
	decoder := json.NewDecoder(bytes.NewReader(doc))
	if knownOnly {
		decoder.DisallowUnknownFields()
	}
	err := decoder.Decode(dst)
	if err == nil {
		return nil
	}
	if place, cause := locate(doc, reflect.TypeOf(dst).Elem(), ""); cause != nil {
		return fmt.Errorf("%s%w", colon(place), plain(cause))
	}
	return plain(err)
}

// syntax finds what is wrong with text that is no JSON document.
func syntax(doc []byte) error {
	var ignored json.RawMessage
	err := json.Unmarshal(doc, &ignored)
	var wrong *json.SyntaxError
	switch {
	case len(bytes.TrimSpace(doc)) == 0:
		return errors.New("the document is empty")
	case errors.As(err, &wrong):
		return fmt.Errorf("offset %d: %w", wrong.Offset, err)
	case err == nil:
		return io.ErrUnexpectedEOF
	}
	return err
}

// locate decodes piece by piece to find the deepest value that does not fit t.
func locate(doc []byte, t reflect.Type, place string) (string, error) {
	err := json.Unmarshal(doc, reflect.New(t).Interface())
	if err == nil {
		return "", nil
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		var fields map[string]json.RawMessage
		if json.Unmarshal(doc, &fields) != nil {
			return place, err
		}
		for _, field := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if value, ok := fields[name]; ok && name != "" {
				if at, cause := locate(value, field.Type, dot(place, name)); cause != nil {
					return at, cause
				}
			}
		}
	case reflect.Slice, reflect.Array:
		var values []json.RawMessage
		if json.Unmarshal(doc, &values) != nil {
			return place, err
		}
		for i, value := range values {
			if at, cause := locate(value, t.Elem(), fmt.Sprintf("%s[%d]", place, i)); cause != nil {
				return at, cause
			}
		}
	case reflect.Map:
		var values map[string]json.RawMessage
		if json.Unmarshal(doc, &values) != nil {
			return place, err
		}
		for key, value := range values {
			if at, cause := locate(value, t.Elem(), dot(place, key)); cause != nil {
				return at, cause
			}
		}
	}
	return place, err
}

// plain says of a value of the wrong type what it is and what it should be, and
// not where: Decode says that better.
func plain(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("want %s, got %s", wrong.Type, wrong.Value)
	}
	return err
}

func dot(place, name string) string {
	if place == "" {
		return name
	}
	return place + "." + name
}

func colon(place string) string {
	if place == "" {
		return ""
	}
	return place + ": "
}
