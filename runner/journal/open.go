package journal

import (
	"errors"
	"fmt"
	"slices"

	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
)

// A Cut is the rest of a write that was interrupted, which Open took away. No
// Append had returned of what was in it.
type Cut struct {
	File   string // its name in the folder
	Offset int64  // in bytes
	Bytes  int64
}

// Open opens the journal in a folder, which is made if there is none, and reads
// it through. The folder is the journal's alone: the error matches ErrInUse if
// another Journal has it, in whatever process. What a crash left of a write that
// was under way is cut off, and told by Recovered. Where anything else is not as
// it was written, the error is a *DamageError, and nothing is changed; of a later
// version of the format, it matches ErrVersion.
func Open(dir string, opts ...Option) (*Journal, error) {
	s, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	folder, err := disk.At(dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return openIn(folder, s)
}

func openIn(folder disk.Folder, s settings) (_ *Journal, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, folder.Close())
		}
	}()
	lock, err := folder.Lock()
	if errors.Is(err, disk.ErrLocked) {
		return nil, fmt.Errorf("%w: %w", ErrInUse, err)
	}
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &Journal{folder: folder, settings: s, lock: lock, index: index{}}
	if err := j.load(); err != nil {
		if j.file != nil {
			err = errors.Join(err, j.file.Close())
		}
		return nil, errors.Join(fmt.Errorf("journal: open: %w", err), lock.Close())
	}
	if cut, was := j.Recovered(); was {
		s.logger.Warn("journal: the rest of an interrupted write was cut off", "file", cut.File, "offset", cut.Offset, "bytes", cut.Bytes)
	}
	return j, nil
}

// load reads all segments, and makes the last one the active one.
func (j *Journal) load() error {
	numbers, err := j.numbers()
	if err != nil {
		return err
	}
	var (
		file []byte
		last int64 // begin of the last group
	)
	for i, number := range numbers {
		name := nameOf(number)
		if i > 0 && number != numbers[i-1]+1 {
			return &DamageError{File: nameOf(numbers[i-1] + 1), Reason: "it is missing"}
		}
		if file, err = readFile(j.folder, name, file); err != nil {
			return err
		}
		if last, err = j.replay(name, file); err != nil {
			return err
		}
		if i < len(numbers)-1 {
			if rest := j.segments[i].rest(file); rest > 0 {
				return j.segments[i].damage("what follows is no group, and there is another file behind it")
			}
		}
	}
	if err := j.index.complete(); err != nil {
		return err
	}
	if len(numbers) == 0 {
		return j.beginFirst()
	}
	return j.mend(file, last)
}

// numbers are those of the segments, in order. What a crash left of one that was
// being made is taken away.
func (j *Journal) numbers() (numbers []uint64, err error) {
	names, err := j.folder.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if name == spareName {
			if err := j.folder.Remove(name); err != nil {
				return nil, err
			}
		}
		if number, ok := numberOf(name); ok {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

func (j *Journal) beginFirst() (err error) {
	if j.active, j.file, err = j.begin(newHeader(1, 0, j.settings.segment)); err != nil {
		return err
	}
	j.segments = []*segment{j.active}
	return nil
}

// replay adds a segment with what is in it.
func (j *Journal) replay(name string, file []byte) (last int64, err error) {
	h, err := decodeHeader(name, file)
	if err != nil {
		return 0, err
	}
	s := newSegment(h)
	if n := len(j.segments); n > 0 && j.segments[n-1].end != h.previous {
		return 0, j.segments[n-1].damage(fmt.Sprintf("its groups end here, and once ended at byte %d", h.previous))
	}
	j.segments = append(j.segments, s)
	s.end, last, err = s.entries(file, func(r runner.Record, kind byte, p place) error {
		if kind == kindTombstone {
			j.index.forget(r.ID)
			return nil
		}
		r.Body = nil
		j.index.known(r.ID).put(r, p)
		return nil
	})
	return last, err
}

// complete tells of a record that is missing.
func (x index) complete() error {
	for _, e := range x {
		if seq, behind, is := e.gap(); is {
			return &DamageError{behind.segment.name, behind.at,
				fmt.Sprintf("here is record %d of execution %q, and record %d is nowhere", behind.seq, e.head.ID, seq)}
		}
	}
	return nil
}

// mend makes the last segment the active one: the rest of a group that was being
// written is wiped, and the last group, which may not have been synced, is safe
// before anybody learns of it.
func (j *Journal) mend(content []byte, last int64) (err error) {
	j.active = j.segments[len(j.segments)-1]
	s := j.active
	rest := s.rest(content)
	if rest > 0 && s.goesOn(content) {
		return s.damage("what is here is no group, and there is another one behind it")
	}
	if j.file, err = j.folder.Open(s.name); err != nil {
		return err
	}
	if rest > 0 {
		if err := writeZeros(j.file, s.end, s.end+rest); err != nil {
			return err
		}
		j.cut = Cut{s.name, s.end, rest}
	}
	if last > 0 { // a sync that failed is not tried again: the bytes are written anew
		if _, err := j.file.WriteAt(content[last:min(s.end, s.size)], last); err != nil {
			return err
		}
	}
	return errors.Join(j.file.Sync(), j.folder.Sync())
}

// rest is how many bytes behind the groups are more than zeros.
func (s *segment) rest(file []byte) int64 {
	for n := int64(len(file)); n > s.end; n-- {
		if file[n-1] != 0 {
			return n - s.end
		}
	}
	return 0
}

// goesOn tells whether there is a frame behind the end of the groups: it was
// begun to be written when all before it was safe.
func (s *segment) goesOn(file []byte) bool {
	for at := s.end + align; at < int64(len(file)); at += align {
		if _, sound := frameAt(file, s.checks, at); sound {
			return true
		}
	}
	return false
}

func (s *segment) damage(reason string) error { return &DamageError{s.name, s.end, reason} }
