package chain

import (
	"slices"
	"time"
)

// inFlight is a step, or a compensation, that was in the middle of its attempts
// when an execution was interrupted.
type inFlight struct {
	path     string
	phase    Phase
	attempts int           // begun so far
	began    time.Time     // the first of them
	err      string        // of the last that has failed
	delay    time.Duration // it was waiting before its next attempt, this long
	due      time.Time     // until then
}

// inFlightAt finds what was in flight when the trace broke off, in order of the
// begin.
func inFlightAt(end []Event) []inFlight {
	var open []inFlight
	for _, e := range end {
		i := indexOf(open, e.Path, e.Phase)
		switch e.Kind {
		case KindStarted, KindCompensating:
			if e.Attempt == 0 {
				continue // a Process or Parallel: what is inside it tells
			}
			if i < 0 {
				i, open = len(open), append(open, inFlight{path: e.Path, phase: e.Phase})
			}
			if e.Attempt == 1 { // a resumed one begins anew
				open[i].began, open[i].err = e.Time, ""
			}
			open[i].attempts, open[i].delay = e.Attempt, 0
		case KindRetrying:
			if i >= 0 {
				open[i].err, open[i].delay, open[i].due = e.Error, e.Delay, e.Time.Add(e.Delay)
			}
		case KindSucceeded, KindFailed, KindSkipped, KindCompensated, KindCompensationFailed:
			if i >= 0 {
				open = slices.Delete(open, i, i+1)
			}
		}
	}
	return open
}

func indexOf(open []inFlight, path string, phase Phase) int {
	return slices.IndexFunc(open, func(f inFlight) bool { return f.path == path && f.phase == phase })
}

// Begun is, by the index of the step, how many attempts earlier runs had begun at
// the steps that they were interrupted in the middle of.
func (r *Recorder) Begun() map[int]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	begun, open := map[int]int{}, r.earlier().open
	for _, s := range r.recording().Steps {
		if i := indexOf(open, s.Path, Forward); i >= 0 {
			begun[s.Index] = open[i].attempts
		}
	}
	return begun
}

// Rest is how much is left, at a time counted from the begin of the run, of a
// delay before the next attempt in which an earlier run was interrupted. It is
// never longer than that delay, whatever has become of the clock.
func (r *Recorder) Rest(at time.Duration, step int, phase Phase) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	open := r.earlier().open
	i := indexOf(open, r.path(int32(step)), phase)
	if i < 0 || open[i].delay == 0 {
		return 0
	}
	return min(open[i].due.Sub(r.base.Round(0).Add(at)), open[i].delay)
}

// Left is how far the run that this one continues was with a step, or with its
// compensation, for authors of runners: the attempts begun, when the first of them
// did, counted from the begin of the run, and what the last that failed has failed
// with.
func (r *Recorder) Left(step int, phase Phase) (attempts int, began time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	open := r.earlier().open
	i := indexOf(open, r.path(int32(step)), phase)
	if i < 0 {
		return 0, 0, nil
	}
	if open[i].err != "" {
		err = (&StoredError{Text: open[i].err}).Err()
	}
	return open[i].attempts, open[i].began.Sub(r.base.Round(0)), err
}
