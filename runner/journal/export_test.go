package journal

import "github.com/taskchain-go/taskchain/runner/journal/internal/disk"

// OpenIn is Open of a folder that may be none of the system's.
func OpenIn(folder disk.Folder, opts ...Option) (*Journal, error) {
	s, err := settingsOf(opts)
	if err != nil {
		return nil, err
	}
	return openIn(folder, s)
}

// WaitUpkeep waits for what is done beside the writing.
func (j *Journal) WaitUpkeep() { j.upkeep.Wait() }

// Flush waits for what Forget has left to others.
func (j *Journal) Flush() error { return j.flush() }

// Segments are the files, oldest first, with the byte at which each ends.
func (j *Journal) Segments() (names []string, ends []int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.segments {
		names, ends = append(names, s.name), append(ends, s.end)
	}
	return names, ends
}

// Segment is a segment with the given groups of entries, as it is on the disk.
func Segment(number uint64, previous int64, groups ...[]byte) (file []byte, end int64) {
	end = headerSize
	for _, g := range groups {
		end += aligned(frameSize + int64(len(g)))
	}
	h := newHeader(number, previous, end+100)
	file = append(h.encode(), make([]byte, end+100-headerSize)...)
	at := int64(headerSize)
	for _, g := range groups {
		rd, count := reader{rest: g}, 0
		for len(rd.rest) > 0 {
			_, _, _ = rd.record()
			count++
		}
		b := file[at:][:frameSize+len(g)]
		copy(b[frameSize:], g)
		seal(b, h.seed(), at, count)
		at += aligned(int64(len(b)))
	}
	return file, end
}

var (
	AppendRecord    = appendRecord
	AppendTombstone = appendTombstone
)
