package chain

import "fmt"

// Ending tells whether a failure came from the step itself or because the
// context around it had ended, by which a later Resume knows what to run again.
type Ending uint8

// The endings.
const (
	ByItself  Ending = iota // the step's own failure, or its own timeout's
	ByContext               // the caller's cancellation, or a Within around it
	BySibling               // another branch of a Parallel failed
)

var endingNames = [...]string{ByItself: "", ByContext: "context", BySibling: "sibling"}

// MarshalText is "", "context" or "sibling".
func (e Ending) MarshalText() ([]byte, error) {
	if int(e) >= len(endingNames) {
		return nil, fmt.Errorf("chain: unknown ending %d", uint8(e))
	}
	return []byte(endingNames[e]), nil
}

// UnmarshalText reads what MarshalText wrote.
func (e *Ending) UnmarshalText(text []byte) error {
	for i, name := range endingNames {
		if string(text) == name {
			*e = Ending(i)
			return nil
		}
	}
	return fmt.Errorf("unknown ending %q", text)
}
