package journal

import "github.com/taskchain-go/taskchain/runner/journal/internal/disk"

// A segment is one file of the journal.
type segment struct {
	header
	name     string
	checks   uint32 // what its checksums begin with
	end      int64  // of its groups
	live     int64  // bytes of records that count
	counts   int    // how many records do
	held     []held // these, and some that counted once, for the cleaning
	followed bool   // the file for the next one is being made
}

func newSegment(h header) *segment {
	return &segment{header: h, name: nameOf(h.number), checks: h.seed(), end: headerSize}
}

// gain notes that a record of the execution is here.
func (s *segment) gain(p place, e *execution) {
	s.live += int64(p.length)
	s.counts++
	s.held = append(s.held, held{e, p.seq})
}

// lose notes that a record does not count any more; its execution knows already.
// The list is made anew, for the cleaning may be reading it, when most of it is such
// records: what is forgotten takes no memory, however long its file stays.
func (s *segment) lose(p place) {
	s.live -= int64(p.length)
	s.counts--
	if len(s.held) <= 2*s.counts+16 {
		return
	}
	kept := make([]held, 0, s.counts+1)
	for _, h := range s.held {
		if _, counts := h.in(s); counts {
			kept = append(kept, h)
		}
	}
	s.held = kept
}

// write writes a group behind the others, and returns where it is when it is on
// the disk. It is called by who has the lead.
func (j *Journal) write(g *group) (at int64, err error) {
	if need := aligned(int64(len(g.buf))); j.active.end+need > j.active.size {
		if err := j.rotate(need); err != nil {
			return 0, err
		}
	}
	at = j.active.end
	seal(g.buf, j.active.checks, at, g.count)
	if _, err := j.file.WriteAt(g.buf, at); err != nil {
		return 0, err
	}
	return at, j.file.Sync()
}

// rotate begins another segment, which has room for a group of need bytes.
func (j *Journal) rotate(need int64) error {
	s, file, err := j.begin(newHeader(j.active.number+1, j.active.end, max(j.settings.segment, headerSize+need)))
	if err != nil {
		return err
	}
	err = j.file.Close() // all that is in it is safe
	j.mu.Lock()
	defer j.mu.Unlock()
	j.segments = append(j.segments, s)
	j.active, j.file = s, file
	return err
}

// begin makes a segment. It has its name when all of it is safe, so that a crash
// leaves the whole segment or none.
func (j *Journal) begin(h header) (*segment, disk.File, error) {
	s := newSegment(h)
	if err := j.spare.take(j.folder, h, s.name); err != nil {
		return nil, nil, err
	}
	if err := j.folder.Sync(); err != nil {
		return nil, nil, err
	}
	file, err := j.folder.Open(s.name)
	return s, file, err
}
