// Package strictjson decodes one JSON document into a Go value, refuses what
// encoding/json lets pass in silence, and says where the document is wrong.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"
)

// Decode reads exactly one JSON document into dst, a pointer to a struct.
// knownOnly makes fields that dst does not have an error. The same key twice in
// an object is an error, but for objects inside the top-level fields called
// free, whose insides are their owner's. An error names the place: `offset 12:`
// for text that is no JSON, `trace[3].time:` for a value that does not fit.
func Decode(doc []byte, dst any, knownOnly bool, free ...string) error {
	if !json.Valid(doc) { // so that text behind the document counts as well
		return syntax(doc)
	}
	if !utf8.Valid(doc) { // encoding/json would put U+FFFD in its place
		return fmt.Errorf("offset %d: invalid UTF-8", invalidAt(doc))
	}
	if place, twice := duplicate(doc, free); twice {
		return fmt.Errorf("%s: stands there twice", place)
	}
	err := Unmarshal(doc, dst, knownOnly)
	if err == nil {
		return nil
	}
	if place, cause := locate(doc, reflect.TypeOf(dst).Elem(), knownOnly, 0); cause != nil {
		return fmt.Errorf("%s%w", colon(place), plain(cause))
	}
	return plain(err)
}

// Unmarshal is json.Unmarshal; knownOnly makes fields that dst does not have an
// error. Then doc must be valid.
func Unmarshal(doc []byte, dst any, knownOnly bool) error {
	if !knownOnly {
		return json.Unmarshal(doc, dst)
	}
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.DisallowUnknownFields()
	return decoder.Decode(dst)
}

// syntax finds what is wrong with text that is no JSON document.
func syntax(doc []byte) error {
	if len(bytes.TrimSpace(doc)) == 0 {
		return errors.New("the document is empty")
	}
	err := json.Unmarshal(doc, new(json.RawMessage))
	var (
		wrong  *json.SyntaxError
		offset int64
	)
	if errors.As(err, &wrong) {
		offset = wrong.Offset
	}
	return fmt.Errorf("offset %d: %w", offset, err)
}

func invalidAt(doc []byte) int {
	for i := 0; ; {
		r, size := utf8.DecodeRune(doc[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}
