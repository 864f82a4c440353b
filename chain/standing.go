package chain

import "sync/atomic"

// A standing is how far an execution is, in one word: how many records are
// written, its status, whether a runner is at work on it, whether somebody is
// telling its observers, and whether a detail has been noted that they are to be
// told. Whoever changes it tells all of that at once to those who read with the
// lock. But for the telling and what is noted, only one goroutine at a time may
// change it: the one that walks through the plan, or, while that waits for the
// branches of a Parallel, the one of them that has the lock.
type standing struct{ word atomic.Uint64 }

// A stand is one reading of it.
type stand uint64

const (
	statusShift = 32 // above the number of records
	statusMask  = 0xff << statusShift
	liveBit     = 1 << 40
	tellingBit  = 1 << 41
	notedBit    = 1 << 42
)

func (s stand) written() int   { return int(uint32(s)) }
func (s stand) status() Status { return Status(s & statusMask >> statusShift) }
func (s stand) live() bool     { return s&liveBit != 0 }

func (s *standing) now() stand     { return stand(s.word.Load()) }
func (s *standing) written() int   { return s.now().written() }
func (s *standing) status() Status { return s.now().status() }
func (s *standing) live() bool     { return s.now().live() }
func (s *standing) telling() bool  { return s.now()&tellingBit != 0 }

// begin is the begin of a run, without records.
func (s *standing) begin(status Status) { s.word.Store(uint64(status)<<statusShift | liveBit) }

// stand is the status of what was taken over from another Recorder, without records.
func (s *standing) stand(status Status) { s.word.Store(uint64(status) << statusShift) }

// turn changes the status.
func (s *standing) turn(status Status) { s.change(statusMask, uint64(status)<<statusShift) }

// end is the end of a run.
func (s *standing) end(status Status) { s.change(statusMask|liveBit, uint64(status)<<statusShift) }

func (s *standing) change(clear, set uint64) {
	for {
		word := s.word.Load()
		if s.word.CompareAndSwap(word, word&^clear|set) {
			return
		}
	}
}

// note announces a detail, so that whoever is telling looks for it, and returns how
// many records come before it.
func (s *standing) note() int { return stand(s.word.Or(notedBit)).written() }

// tell takes the telling, and is false if somebody has it. told gives it back, and is
// true if something has been noted that may be untold; toldAll gives it back where
// nothing is.
func (s *standing) tell() bool        { return s.word.Or(tellingBit)&tellingBit == 0 }
func (s *standing) told() (more bool) { return s.word.Add(^uint64(tellingBit-1))&notedBit != 0 }
func (s *standing) toldAll()          { s.word.And(^uint64(tellingBit | notedBit)) }
