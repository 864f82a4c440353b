package chain

import "slices"

// Failures are the steps that failed, and the compensations that did, in order
// of the steps' settling.
func (r *Recorder) Failures() (forward, compensation []*StepError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var few [4]settling
	failed, ok := r.failedForward(few[:0])
	if !ok {
		for s := range r.newest {
			if e := r.entry(s); e.forward == KindFailed || e.undo == KindCompensationFailed {
				failed = append(failed, s)
			}
		}
	}
	inside := r.failedInside(failed)
	for _, s := range slices.Backward(failed) {
		e := r.entry(s)
		if e.forward == KindFailed && e.ending != BySibling && !inside[e.path] {
			forward = append(forward, e.stepError(Forward))
		}
		if e.undo == KindCompensationFailed {
			compensation = append(compensation, e.stepError(Compensation))
		}
	}
	return forward, compensation
}

// failedForward adds the steps that failed, the newest first, as the details alone
// tell. It is false where those don't tell all: after an earlier run, or when a
// compensation has failed.
func (r *Recorder) failedForward(failed []settling) (all []settling, ok bool) {
	if len(r.earlier().before) > 0 {
		return nil, false
	}
	for _, d := range slices.Backward(r.details()) {
		if d.log != nil {
			continue
		}
		switch rec := r.all().at(int(d.record)); rec.what.kind() {
		case KindFailed:
			failed = append(failed, settling{step: rec.step, what: rec.what, index: d.record})
		case KindCompensationFailed:
			return nil, false
		}
	}
	return failed, true
}

// failedInside is the paths of what failed because of a step inside, and not by its own
// condition.
func (r *Recorder) failedInside(failed []settling) map[string]bool {
	if len(failed) < 2 { // which mostly is all, and has nothing around it that failed
		return nil
	}
	inside := map[string]bool{}
	for _, s := range failed {
		e := r.entry(s)
		for level := above(e.path); e.forward == KindFailed && level != "" && !inside[level]; level = above(level) {
			inside[level] = true
		}
	}
	return inside
}

func (e entry) stepError(phase Phase) *StepError {
	err, attempts := e.err, e.attempts
	if phase == Compensation {
		err, attempts = e.undoErr, e.undoAttempts
	}
	if step, ok := err.(*StepError); ok {
		return step
	}
	return &StepError{Path: e.path, Phase: phase, Attempts: attempts, Err: err}
}
