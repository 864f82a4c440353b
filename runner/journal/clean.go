package journal

import (
	"errors"
	"io"
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
	j.settings.tell("journal: old files are not cleaned up any more", err)
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

// copyForward reads nothing but what counts. Tombstones do not: all that they
// stand for was older.
func (j *Journal) copyForward(s *segment) (err error) {
	file, err := j.folder.Open(s.name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	j.mu.Lock()
	records := s.held
	j.mu.Unlock()
	var entry []byte
	copied := 0
	for _, h := range records {
		if entry, err = j.again(file, s, h, entry[:0]); err != nil {
			return err
		}
		if copied += len(entry); copied < copyAtOnce {
			continue
		}
		copied = 0
		if err := j.flush(); err != nil {
			return err
		}
	}
	return nil
}

// again appends a record of a segment anew, and returns its entry, which it adds
// to b, if it counts.
func (j *Journal) again(file io.ReaderAt, s *segment, h held, b []byte) ([]byte, error) {
	j.mu.Lock()
	p, counts := h.in(s)
	j.mu.Unlock()
	if !counts {
		return b, nil
	}
	entry, r, err := p.read(file, b)
	if err != nil {
		return b, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.usable(); err != nil {
		return b, err
	}
	if _, counts := h.in(s); !counts { // any more
		return b, nil
	}
	j.join(len(entry)).addRecord(h.execution, r, entry, p.sum)
	return entry, nil
}
