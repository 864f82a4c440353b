package journal

import (
	"fmt"
	"slices"

	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
)

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

// CheckLive compares the count of the bytes that count with what it should be, and
// that all records that count are known to the cleaning, and not many more.
func (j *Journal) CheckLive() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	want := map[*segment]int64{}
	for _, e := range j.index {
		for _, p := range e.places {
			want[p.segment] += int64(p.length)
			if !slices.Contains(p.segment.held, held{e, p.seq}) {
				return fmt.Errorf("%s does not know that record %d of %s is in it", p.segment.name, p.seq, e.head.ID)
			}
		}
	}
	for _, s := range j.segments {
		if s.live != want[s] {
			return fmt.Errorf("%s has %d bytes that count, and believes in %d", s.name, want[s], s.live)
		}
		if len(s.held) > 2*s.counts+16 {
			return fmt.Errorf("%s has %d records that count, and remembers %d", s.name, s.counts, len(s.held))
		}
	}
	return nil
}

// Miscount has the first group of a segment have an entry too many.
func Miscount(file []byte) {
	h, _ := decodeHeader(nameOf(1), file)
	f, _ := frameAt(file, h.seed(), headerSize)
	seal(file[headerSize:][:frameSize+f.length], h.seed(), headerSize, int(f.records)+1)
}

// Segment is a segment with the given groups of entries, as it is on the disk.
func Segment(number uint64, previous int64, groups ...[]byte) (file []byte, end int64) {
	end = headerSize
	for _, g := range groups {
		end += aligned(frameSize + int64(len(g)))
	}
	h := header{number, previous, [16]byte{1, 2, 3}, end + 100} // the same each time, for the fuzzer
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
