package builder

// A Mark is what became of one step in an execution.
type Mark struct {
	State State
	Note  string // a few words, such as "3 attempts, 120ms"
}

// State is how far one step of an execution got.
type State uint8

// The states of a step, and the sign that pictures put before its name.
const (
	Untouched          State = iota // ·  never began
	Underway                        // …  began, not ended
	Completed                       // ✓  succeeded
	Skipped                         // ○  its When said no
	Failed                          // ✗  failed for good
	Compensated                     // ↩  undone
	CompensationFailed              // !  its undo failed: a person must look
)

// looks are the states' names and signs, and the colors of their boxes in a
// graph, light enough for dark text.
var looks = [...]struct{ name, sign, color string }{
	Untouched:          {"untouched", "·", ""},
	Underway:           {"underway", "…", "#cfe2ff"},
	Completed:          {"completed", "✓", "#d1e7dd"},
	Skipped:            {"skipped", "○", "#e2e3e5"},
	Failed:             {"failed", "✗", "#f8d7da"},
	Compensated:        {"compensated", "↩", "#fff3cd"},
	CompensationFailed: {"compensation failed", "!", "#f1aeb5"},
}

// String is "completed" and the like.
func (s State) String() string {
	if int(s) >= len(looks) {
		return "unknown state"
	}
	return looks[s].name
}

func (s State) sign() string {
	if int(s) >= len(looks) {
		return "?"
	}
	return looks[s].sign
}

// color is empty for a box that stays as it is.
func (s State) color() string {
	if int(s) >= len(looks) {
		return ""
	}
	return looks[s].color
}
