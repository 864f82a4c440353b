package journal

import (
	"errors"

	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
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
	file, err := j.folder.Open(s.name)
	if err != nil {
		return err
	}
	return errors.Join(j.copyFrom(file, s), file.Close())
}

// copyFrom reads one group after another, since all of them at once are much to
// have in memory.
func (j *Journal) copyFrom(file disk.File, s *segment) error {
	var buf []byte
	copied := 0
	for at := int64(headerSize); at < s.end; {
		f, group, err := s.readGroup(file, at, buf)
		if err != nil {
			return err
		}
		err = s.entriesOf(at, f, group, func(r runner.Record, kind byte, p place, entry []byte) error {
			if kind == kindTombstone {
				return nil // all that it stands for was older
			}
			n, err := j.again(r, p, entry)
			if copied += n; err != nil || copied < copyAtOnce {
				return err
			}
			copied = 0
			return j.flush()
		})
		if err != nil {
			return err
		}
		at, buf = aligned(at+frameSize+f.length), group
	}
	return nil
}

// again appends a record anew, if it counts, and returns how many bytes it has
// then.
func (j *Journal) again(r runner.Record, p place, entry []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.usable(); err != nil {
		return 0, err
	}
	e := j.index[r.ID]
	if e == nil || !e.isAt(r.Seq, p.segment, p.at) {
		return 0, nil
	}
	j.join(len(entry)).addRecord(e, r, entry, p.sum)
	return len(entry), nil
}
