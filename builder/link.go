package builder

import "runtime"

// A link is one call of a chain, kept as it was said until Build replays it.
// Nothing changes a link once it is made, so forks share those before them.
type link[T any] struct {
	prev  *link[T]
	word  word
	where position
	apply func(*draft[T])
}

// A word is what a link says. Those that may be said once have a bit each.
type word uint16

const (
	saidName word = 0
	saidStep word = 1 << (iota - 1) // begins a step; the words below are about it

	saidRetry
	saidTimeout
	saidCompensate
	saidRetryCompensation
	saidCompensationTimeout
	saidCompensateOnFailure
	saidWhen
	saidDescribe

	saidFailure // of the plan or fragment
	saidWithin
)

const (
	decorations = saidRetry | saidTimeout | saidCompensate | saidRetryCompensation |
		saidCompensationTimeout | saidCompensateOnFailure | saidWhen | saidDescribe
	settings = saidFailure | saidWithin
)

var methods = map[word]string{
	saidRetry:               "Retry",
	saidTimeout:             "Timeout",
	saidCompensate:          "Compensate",
	saidRetryCompensation:   "RetryCompensation",
	saidCompensationTimeout: "CompensationTimeout",
	saidCompensateOnFailure: "CompensateOnFailure",
	saidWhen:                "When",
	saidDescribe:            "Describe",
	saidFailure:             "OnFailure",
	saidWithin:              "Within",
}

func (b Builder[T]) say(w word, where position, apply func(*draft[T])) Builder[T] {
	return Builder[T]{&link[T]{prev: b.last, word: w, where: where, apply: apply}}
}

// links is everything that was said, oldest first.
func (b Builder[T]) links() []*link[T] {
	n := 0
	for l := b.last; l != nil; l = l.prev {
		n++
	}
	links := make([]*link[T], n)
	for l := b.last; l != nil; l = l.prev {
		n--
		links[n] = l
	}
	return links
}

// A position is a call in the user's source. It is a program counter, because
// most are never looked at: only a fault wants the file and the line.
type position uintptr

// callSite is where the exported method that calls callSite was called.
func callSite() position {
	var pcs [1]uintptr
	runtime.Callers(3, pcs[:])
	return position(pcs[0])
}

// source is the file and line, or nothing if the position is not known.
func (p position) source() (file string, line int) {
	frame, _ := runtime.CallersFrames([]uintptr{uintptr(p)}).Next()
	return frame.File, frame.Line
}
