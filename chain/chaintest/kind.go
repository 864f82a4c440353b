package chaintest

import (
	"context"

	"github.com/taskchain-go/taskchain/chain"
)

// A kind is one way to go wrong.
type kind struct {
	name   string // in the name of a case
	words  string // in its description; %s is the place for an error of the user's
	act    func(*attempt) error
	fits   func(*site) bool
	fails  bool // with each of the site's errors: a case for each
	mortal bool // the process dies of it

	// The kind acts at the first attempts only, or for zero at each of them; for
	// the case to have come about, there must have been this many.
	acts, needs int
}

// kinds is all of them, in the order of the cases: the simplest first, since of
// several failures that make a compensation run the first is taken.
var kinds = []*kind{
	{name: "fail", words: "failed%s, no effect", act: (*attempt).fail, fits: always, fails: true, needs: 1},
	{name: "fail-once", words: "failed%s, no effect, then tried again", act: (*attempt).fail, fits: retried, fails: true, acts: 1, needs: 2},
	{name: "lost", words: "effect happened, reply lost%s", act: (*attempt).lose, fits: always, fails: true, needs: 1},
	{name: "lost-once", words: "effect happened, reply lost%s, then tried again", act: (*attempt).lose, fits: retried, fails: true, acts: 1, needs: 2},
	{name: "panic", words: "panicked, no effect", act: (*attempt).panic, fits: always, needs: 1},
	{name: "panic-after", words: "effect happened, then panicked", act: (*attempt).panicAfter, fits: always, needs: 1},
	{name: "timeout", words: "timed out, no effect", act: (*attempt).timeOut, fits: timed, needs: 1},
	{name: "timeout-once", words: "timed out, no effect, then tried again", act: (*attempt).timeOut, fits: both(timed, retried), acts: 1, needs: 2},
	{name: "timeout-after", words: "effect happened, but timed out", act: (*attempt).timeOutAfter, fits: timed, needs: 1},
	{name: "timeout-after-once", words: "effect happened, but timed out, then tried again", act: (*attempt).timeOutAfter, fits: both(timed, retried), acts: 1, needs: 2},
	{name: "cancel", words: "ctx cancelled as it began", act: (*attempt).cancel, fits: always, acts: 1, needs: 1},
	{name: "cancel-lost", words: "effect happened, ctx cancelled before the reply", act: (*attempt).cancelLost, fits: forward, acts: 1, needs: 1},
	{name: "cancel-after", words: "completed, then ctx cancelled", act: (*attempt).cancelAfter, fits: forward, acts: 1, needs: 1},
	{name: "repeat", words: "called twice, as after a crash", act: (*attempt).repeat, fits: repeatable, acts: 1, needs: 1},
	{name: "crash", words: "process died before its effect, resumed", act: (*attempt).crash, fits: always, acts: 1, needs: 1, mortal: true},
	{name: "crash-after", words: "effect happened, process died before that was recorded, resumed", act: (*attempt).crashAfter, fits: repeatable, acts: 1, needs: 1, mortal: true},
	{name: "crash-retry", words: "effect happened, reply lost%s, process died before the retry, resumed", act: (*attempt).crashRetry, fits: both(repeatable, retried), fails: true, acts: 2, needs: 2, mortal: true},
}

// cancelFirst is the one thing that can go wrong before any step.
var cancelFirst = &kind{name: "cancel", words: "ctx cancelled before the first step", acts: 1}

func always(*site) bool       { return true }
func retried(s *site) bool    { return s.retried }
func timed(s *site) bool      { return s.timed }
func repeatable(s *site) bool { return !s.notRepeatable }
func forward(s *site) bool    { return s.phase == chain.Forward }

func both(a, b func(*site) bool) func(*site) bool {
	return func(s *site) bool { return a(s) && b(s) }
}

// An attempt is one call that a fault takes the place of.
type attempt struct {
	ctx    context.Context
	script *script
	work   work
	err    error // what the fault fails with
	number int   // of the attempts at this point, counted from 1
}

// work is the plan's own function.
type work struct {
	do   func(context.Context) error
	keep func() (restore func()) // of the data
}

func (a *attempt) fail() error { return a.err }

// lose loses whatever the reply was.
func (a *attempt) lose() error {
	_ = a.work.do(a.ctx)
	return a.err
}

func (a *attempt) panic() error { panic(ErrInjected) }

func (a *attempt) panicAfter() error {
	_ = a.work.do(a.ctx)
	panic(ErrInjected)
}

func (a *attempt) timeOut() error { return inject(chain.ErrTimeout) }

func (a *attempt) timeOutAfter() error {
	_ = a.work.do(a.ctx)
	return inject(chain.ErrTimeout)
}

// cancel leaves to the step what it makes of a ctx that has ended.
func (a *attempt) cancel() error {
	a.script.cancel(errCancelled)
	return a.work.do(a.ctx)
}

func (a *attempt) cancelLost() error {
	_ = a.work.do(a.ctx)
	a.script.cancel(errCancelled)
	return errCancelled
}

func (a *attempt) cancelAfter() error {
	err := a.work.do(a.ctx)
	a.script.cancel(errCancelled)
	return err
}

// repeat gives the second call the data of the first: what a process that dies
// has done to it is lost.
func (a *attempt) repeat() error {
	restore := a.work.keep()
	if err := a.work.do(a.ctx); err != nil {
		return err
	}
	restore()
	return a.work.do(a.ctx)
}

func (a *attempt) crash() error {
	a.script.dead = true
	return nil // nobody hears it
}

func (a *attempt) crashAfter() error {
	_ = a.work.do(a.ctx)
	return a.crash()
}

// crashRetry dies as the second attempt begins. What was recorded last is the
// same then as while it waited for that.
func (a *attempt) crashRetry() error {
	if a.number > 1 {
		return a.crash()
	}
	return a.lose()
}
