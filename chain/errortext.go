package chain

import (
	"fmt"
	"strings"
)

// textOf is what of an error may be seen. The steps' own errors go through the
// user's function one by one, so that it sees what the steps returned.
func (r *Recorder) textOf(err error) string {
	switch err := err.(type) {
	case *storedError: // has been through it before
		return err.text
	case *StepError:
		return r.textOf(err.Err)
	default:
		if branches := branchErrors(err); len(branches) > 0 {
			texts := make([]string, len(branches))
			for i, each := range branches {
				texts[i] = r.textOf(each)
			}
			return strings.Join(texts, "; ")
		}
	}
	if r.recording().ErrorText == nil {
		return rawText(err)
	}
	return r.userText(err)
}

// branchErrors are the errors of a Parallel's branches, if err is what joins
// them, and none if it is an error of the user's.
func branchErrors(err error) (branches []error) {
	defer func() {
		if recover() != nil { // a method of the user's
			branches = nil
		}
	}()
	join, ok := err.(interface{ Unwrap() []error })
	if _, whole := err.(*ExecutionError); whole || !ok { // of another execution, which the step ran
		return nil
	}
	branches = join.Unwrap()
	for _, each := range branches {
		if _, ok := each.(*StepError); !ok && len(branchErrors(each)) == 0 {
			return nil
		}
	}
	return branches
}

// userText asks the user's function, which may panic.
func (r *Recorder) userText(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("%T, of which the function of WithErrorText panicked: %v", err, v)
		}
	}()
	return r.with.ErrorText(err)
}

// rawText is err.Error(), whatever it holds, of an error whose method may panic.
// Nothing a user's function does may lose an event.
func rawText(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("%T, whose Error method panicked: %v", err, v)
		}
	}()
	return err.Error()
}
