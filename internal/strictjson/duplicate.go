package strictjson

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
)

// duplicate finds a key that stands twice in one object, as encoding/json
// compares keys: without regard to case. It would take the last one, mixed with
// what the first one left. doc must be valid.
func duplicate(doc []byte, free []string) (place string, twice bool) {
	s := scanner{doc: doc}
	return s.value(free)
}

// A scanner walks over valid JSON.
type scanner struct {
	doc  []byte
	pos  int
	keys []string // of the objects around pos
}

// next is the next byte that means something by itself.
func (s *scanner) next() byte {
	for strings.IndexByte(" \t\r\n,:", s.doc[s.pos]) >= 0 {
		s.pos++
	}
	return s.doc[s.pos]
}

func (s *scanner) value(free []string) (place string, twice bool) {
	switch s.next() {
	case '{':
		return s.object(free)
	case '[':
		return s.array()
	}
	s.scalar()
	return "", false
}

func (s *scanner) array() (place string, twice bool) {
	s.pos++
	for i := 0; s.next() != ']'; i++ {
		if place, twice = s.value(nil); twice {
			return within(index(i), place), true
		}
	}
	s.pos++
	return "", false
}

// few is how many keys are searched one by one.
const few = 16

func (s *scanner) object(free []string) (place string, twice bool) {
	base := len(s.keys)
	var many map[string]bool
	s.pos++
	for s.next() != '}' {
		name := s.name()
		fold := folded(name)
		switch seen := s.keys[base:]; {
		case many[fold] || many == nil && slices.Contains(seen, fold):
			return key(name), true
		case many == nil && len(seen) == few:
			many = map[string]bool{fold: true}
			for _, k := range seen {
				many[k] = true
			}
		case many != nil:
			many[fold] = true
		default:
			s.keys = append(s.keys, fold)
		}
		if slices.Contains(free, name) {
			s.skip()
		} else if place, twice = s.value(nil); twice {
			return within(key(name), place), true
		}
	}
	s.pos++
	s.keys = s.keys[:base]
	return "", false
}

// name reads the key at pos.
func (s *scanner) name() string {
	begin := s.pos
	s.scalar()
	raw := s.doc[begin:s.pos]
	if !slices.Contains(raw, '\\') {
		return string(raw[1 : len(raw)-1])
	}
	var name string
	_ = json.Unmarshal(raw, &name) // valid, as the document is
	return name
}

// scalar goes past the string, number or word at pos.
func (s *scanner) scalar() {
	if s.doc[s.pos] != '"' {
		for s.pos < len(s.doc) && strings.IndexByte(" \t\r\n,:]}", s.doc[s.pos]) < 0 {
			s.pos++
		}
		return
	}
	for s.pos++; s.doc[s.pos] != '"'; s.pos++ {
		if s.doc[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
}

// skip goes past the value at pos.
func (s *scanner) skip() {
	for depth := 0; ; {
		switch s.next() {
		case '{', '[':
			depth++
			s.pos++
		case '}', ']':
			depth--
			s.pos++
		default:
			s.scalar()
		}
		if depth == 0 {
			return
		}
	}
}

// folded is the same for names that differ in case only. Those in lower case
// stay as they are, which costs nothing.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r && !isLower(least); other = unicode.SimpleFold(other) {
			if isLower(other) {
				return other
			}
			least = min(least, other)
		}
		return least
	}, name)
}

func isLower(r rune) bool { return 'a' <= r && r <= 'z' }
