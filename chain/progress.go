package chain

import (
	"slices"
	"time"
)

// Progress is how far an execution is, at one moment.
type Progress struct {
	Status      Status
	Steps       int      // of the plan, a Process or Parallel not counted; 0 before the begin
	Completed   int      // of them, completed and not compensated
	Compensated int      // undone so far, a Process with a compensation of its own as one
	Underway    []string // the steps or compensations at work or waiting for a retry
	Retries     int      // so far
	Elapsed     time.Duration
}

// Progress is how far the execution is. It may be asked at any time.
func (c *ExecutionContext[T]) Progress() Progress { return c.recorder.progress() }

func (r *Recorder) progress() Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.standing.now() // once: the execution goes on meanwhile
	all := r.first(now.written())
	p := Progress{Status: now.status()}
	steps := r.recording().Steps
	for _, s := range steps[min(1, len(steps)):] {
		if !s.Kind.Composite() {
			p.Steps++
		}
	}
	entries := r.foldOf(all)
	undone := undoneIn(entries)
	for _, e := range entries {
		switch {
		case e.undo == KindCompensated:
			p.Compensated++
		case e.forward == KindSucceeded && !e.kind.Composite() && !undone(e):
			p.Completed++
		}
	}
	var atWork []int32
	var at place
	for rec, _, more := at.next(all, nil); more; rec, _, more = at.next(all, nil) {
		switch rec.what.kind() {
		case KindStarted, KindCompensating:
			if rec.what.attempt() == 1 { // the begin of a Process has none
				atWork = append(atWork, rec.step)
			}
		case KindRetrying:
			p.Retries++
		case KindSucceeded, KindFailed, KindCompensated, KindCompensationFailed:
			if i := slices.Index(atWork, rec.step); i >= 0 {
				atWork = slices.Delete(atWork, i, i+1)
			}
		}
		p.Elapsed = rec.at
	}
	if now.live() {
		p.Elapsed = time.Since(r.base)
	}
	for _, step := range atWork {
		p.Underway = append(p.Underway, r.path(step))
	}
	return p
}
