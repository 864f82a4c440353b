package policy

import (
	"fmt"
	"strconv"
)

// Failure is what a plan does about a step that has failed for good, its retries used up. The zero value is [Abort].
//
// A Failure is a plain value and safe for concurrent use. It marshals as its text, in JSON too.
type Failure uint8

const (
	// Abort stops the execution and undoes nothing. It is the zero value.
	Abort Failure = iota
	// Continue records the failure and goes on with the next step. Nothing is undone.
	Continue
	// Compensate stops the execution and runs the compensation of every completed step, the newest completion first.
	// The step that failed is not undone, unless it says so itself.
	Compensate
)

var failureTexts = [...]string{Abort: "abort", Continue: "continue", Compensate: "compensate"}

// String returns "abort", "continue" or "compensate", and for any other value a text such as "failure(7)".
func (f Failure) String() string {
	if int(f) < len(failureTexts) {
		return failureTexts[f]
	}
	return "failure(" + strconv.Itoa(int(f)) + ")"
}

// MarshalText returns the text of [Failure.String]. A value that is none of the three is an error.
func (f Failure) MarshalText() ([]byte, error) {
	if int(f) >= len(failureTexts) {
		return nil, fmt.Errorf("failure: unknown value %d, want abort, continue or compensate", uint8(f))
	}
	return []byte(f.String()), nil
}

// UnmarshalText sets f from "abort", "continue" or "compensate", in lower case. Any other text, the empty one included,
// is an error and leaves f as it was.
func (f *Failure) UnmarshalText(text []byte) error {
	for i, s := range failureTexts {
		if string(text) == s {
			*f = Failure(i)
			return nil
		}
	}
	return fmt.Errorf("failure: unknown text %q, want abort, continue or compensate", text)
}
