package engine

import (
	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// record adds an event to the trace, at the walk's last boundary.
func (w *walker) record(kind chain.Kind, s *builder.Step, phase chain.Phase, attempt int) {
	w.flush()
	w.add(chain.NewRecord(w.at, kind, s.Index, phase, attempt))
}

// add records rec at once. Branches may do so at the same time.
func (w *walker) add(rec chain.Record) {
	if w.top.Index != 0 {
		w.x.log.RecordShared(rec)
	} else {
		w.x.log.Record(rec)
	}
}

// keep adds a success, when nothing is kept back, and keeps it back until the next
// event of the walk: mostly that is the begin of the next step, at the same boundary,
// and both are one record. No function of the user's runs in between, and nothing
// else of the execution: a branch, or one that may have to wait for its turn,
// keeps nothing back.
func (w *walker) keep(rec chain.Record) {
	if w.kept, w.keeping = rec, w.mayKeep; !w.mayKeep {
		w.add(rec)
	}
}

func begins(phase chain.Phase) chain.Kind {
	if phase == chain.Compensation {
		return chain.KindCompensating
	}
	return chain.KindStarted
}

func succeeds(phase chain.Phase) chain.Kind {
	if phase == chain.Compensation {
		return chain.KindCompensated
	}
	return chain.KindSucceeded
}

// flush records what is kept back.
func (w *walker) flush() {
	if w.keeping {
		w.keeping = false // first: an observer may end the goroutine
		w.add(w.kept)
	}
}

// recorder is the execution's, with nothing kept back.
func (w *walker) recorder() *chain.Recorder {
	w.flush()
	return w.x.log
}

// recordBegin records the begin of the n-th attempt, together with the success kept
// back if one record can hold both.
func (w *walker) recordBegin(s *builder.Step, phase chain.Phase, n int) {
	rec := chain.NewRecord(w.at, begins(phase), s.Index, phase, n)
	if w.keeping {
		if both, ok := w.kept.Then(w.at, s.Index, phase); ok && n == 1 {
			rec, w.keeping = both, false
		} else {
			w.flush()
		}
	}
	w.add(rec)
}

// commit has the host write down what the trace has.
func (w *walker) commit() error {
	w.flush()
	if w.x.committer == nil {
		return nil
	}
	return w.x.committer.Commit()
}
