package journal

import (
	"errors"

	"github.com/taskchain-go/taskchain/runner"
)

// copyAtOnce is how many bytes the cleaning adds to a group: what others append
// waits no longer for that than for each other.
const copyAtOnce = 32 << 10

// care sees to what is to be done beside the writing. j.mu is held.
func (j *Journal) care() {
	if j.closed {
		return
	}
	if s := j.active; !s.followed && s.end > s.size/2 {
		s.followed = true
		j.upkeep.Go(func() { j.spare.prepare(j.folder, j.settings.segment) })
	}
	if !j.cleaning && j.isDue() {
		j.cleaning = true
		j.upkeep.Go(j.clean)
	}
}

// isDue tells whether more than half of what is in the segments before the
// active one does not count any more. j.mu is held.
func (j *Journal) isDue() bool {
	var used, live int64
	for _, s := range j.segments[:len(j.segments)-1] {
		used += s.end
		live += s.live
	}
	return used > 2*live
}

// clean takes the oldest segments away, one by one, while that is due. What
// counts of one is first appended again. So what a tombstone stands for is gone
// before the tombstone.
func (j *Journal) clean() {
	for {
		j.mu.Lock()
		if j.closed || j.failed != nil || !j.isDue() {
			j.cleaning = false
			j.mu.Unlock()
			return
		}
		oldest := j.segments[0]
		j.mu.Unlock()
		if err := j.take(oldest); err != nil {
			j.giveUpCleaning(err)
			return
		}
	}
}

// giveUpCleaning tells what went wrong. j.cleaning stays, so that it is not
// tried again.
func (j *Journal) giveUpCleaning(err error) {
	if errors.Is(err, ErrClosed) || errors.Is(err, ErrFailed) {
		return // those who append are told
	}
	j.settings.logger.Error("journal: old files are not cleaned up any more", "error", err)
	j.mu.Lock()
	j.trouble = err
	j.mu.Unlock()
}

// take copies what counts of a segment forward, and takes its file away.
func (j *Journal) take(s *segment) error {
	if err := j.copyForward(s); err != nil {
		return err
	}
	// With the copies, the tombstones for what was not copied are safe as well.
	if err := j.flush(); err != nil {
		return err
	}
	j.files.Lock() // when nobody reads
	defer j.files.Unlock()
	if err := j.folder.Remove(s.name); err != nil {
		return err
	}
	j.mu.Lock()
	j.segments = j.segments[1:]
	j.mu.Unlock()
	return j.folder.Sync()
}

func (j *Journal) copyForward(s *segment) error {
	j.mu.Lock()
	empty := s.live == 0
	j.mu.Unlock()
	if empty {
		return nil
	}
	file, err := readFile(j.folder, s.name, j.cleaned)
	if err != nil {
		return err
	}
	if s.size <= j.settings.segment { // larger ones are rare, and may be much larger
		j.cleaned = file
	}
	copied := 0
	end, _, err := s.entries(file, func(r runner.Record, kind byte, p place) error {
		if kind == kindTombstone {
			return nil // all that it stands for was older
		}
		n, err := j.again(r, p, file)
		if copied += n; err != nil || copied < copyAtOnce {
			return err
		}
		copied = 0
		return j.flush()
	})
	if err == nil && end != s.end {
		return &DamageError{s.name, end, "here was a group when it was written"}
	}
	return err
}

// again appends a record anew, if it counts, and returns how many bytes it has
// then.
func (j *Journal) again(r runner.Record, p place, file []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.usable(); err != nil {
		return 0, err
	}
	e := j.index[r.ID]
	if e == nil || !e.isAt(r.Seq, p.segment, p.at) {
		return 0, nil
	}
	entry := file[p.at:][:p.length]
	j.join(len(entry)).addRecord(e, r, entry, p.sum)
	return len(entry), nil
}
