package chain

import "fmt"

// Status is how far an execution is, or how it ended.
type Status uint8

// The statuses. The last five are ends.
const (
	Pending      Status = iota // not begun
	Running                    // steps run
	Compensating               // completed steps are being undone
	Succeeded                  // every step completed or was skipped
	Aborted                    // stopped at a failure, without undoing; Resume carries on
	Partial                    // went on past failures, to the end
	Compensated                // a step failed and everything was undone
	Stuck                      // an undo failed: a person must look
)

var statusNames = [...]string{"pending", "running", "compensating", "succeeded", "aborted", "partial", "compensated", "stuck"}

// String is the status in lower case.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// Ended tells whether the execution has come to an end of some kind. An Aborted
// or Stuck one can still be resumed.
func (s Status) Ended() bool { return s >= Succeeded }

// Finished tells whether nothing is left to do: Resume refuses such an
// execution with ErrFinished.
func (s Status) Finished() bool { return s == Succeeded || s == Partial || s == Compensated }

// MarshalText is String, and an error for a value that is no status.
func (s Status) MarshalText() ([]byte, error) {
	if int(s) >= len(statusNames) {
		return nil, fmt.Errorf("chain: unknown status %d", uint8(s))
	}
	return []byte(statusNames[s]), nil
}

// UnmarshalText reads what MarshalText wrote.
func (s *Status) UnmarshalText(text []byte) error {
	for i, name := range statusNames {
		if string(text) == name {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("unknown status %q", text)
}

// Phase tells a step's own work from its compensation.
type Phase uint8

// The phases.
const (
	Forward Phase = iota
	Compensation
)

// String is "forward" or "compensation".
func (p Phase) String() string {
	if p == Compensation {
		return "compensation"
	}
	return "forward"
}

// MarshalText is String, and an error for a value that is no phase.
func (p Phase) MarshalText() ([]byte, error) {
	if p > Compensation {
		return nil, fmt.Errorf("chain: unknown phase %d", uint8(p))
	}
	return []byte(p.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (p *Phase) UnmarshalText(text []byte) error {
	switch string(text) {
	case "forward":
		*p = Forward
	case "compensation":
		*p = Compensation
	default:
		return fmt.Errorf("unknown phase %q", text)
	}
	return nil
}
