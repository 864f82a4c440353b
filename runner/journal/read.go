package journal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
)

// readFile reads a file into buf, or a larger one.
func readFile(folder disk.Folder, name string, buf []byte) (b []byte, err error) {
	file, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	if int64(cap(buf)) < size {
		buf = make([]byte, size)
	}
	b = buf[:size]
	if n, err := file.ReadAt(b, 0); int64(n) < size {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

// groups shows each sound group of a segment, and returns where they end, and
// where the last one begins.
func (s *segment) groups(file []byte, show func(at int64, f frame, group []byte) error) (end, last int64, err error) {
	for at := int64(headerSize); ; {
		f, sound := frameAt(file, s.checks, at)
		if !sound {
			return at, last, nil
		}
		group, sound := f.groupAt(file, at)
		if !sound {
			return at, last, nil
		}
		if err := show(at, f, group); err != nil {
			return at, last, err
		}
		last, at = at, aligned(at+frameSize+f.length)
	}
}

// readGroup reads the group at byte at of a segment in which there is one, into
// buf or a larger one.
func (s *segment) readGroup(file io.ReaderAt, at int64, buf []byte) (f frame, group []byte, err error) {
	damage := &DamageError{s.name, at, "here was a group when it was written"}
	var b [frameSize]byte
	if _, err := file.ReadAt(b[:], at); err != nil {
		return f, nil, fmt.Errorf("%s: %w", s.name, err)
	}
	f, sound := decodeFrame(b[:], s.checks, at)
	if !sound || f.length > s.end-at-frameSize {
		return f, nil, damage
	}
	group = slices.Grow(buf[:0], int(f.length))[:f.length]
	if _, err := file.ReadAt(group, at+frameSize); err != nil {
		return f, nil, fmt.Errorf("%s: %w", s.name, err)
	}
	if crc32.Checksum(group, castagnoli) != f.sum {
		return f, nil, damage
	}
	return f, group, nil
}

// entries shows each entry of a segment, with its place.
func (s *segment) entries(file []byte, show func(r runner.Record, kind byte, p place) error) (end, last int64, err error) {
	return s.groups(file, func(at int64, f frame, group []byte) error {
		return s.entriesOf(at, f, group, func(r runner.Record, kind byte, p place, _ []byte) error { return show(r, kind, p) })
	})
}

// entriesOf shows each entry of the group at byte at, with its place and its
// bytes.
func (s *segment) entriesOf(at int64, f frame, group []byte, show func(r runner.Record, kind byte, p place, entry []byte) error) error {
	rd, count := reader{rest: group}, uint32(0)
	for len(rd.rest) > 0 {
		entry := rd.rest
		p := place{segment: s, at: at + frameSize + f.length - int64(len(entry))}
		r, kind, err := rd.record()
		if err != nil {
			return &DamageError{s.name, p.at, err.Error()}
		}
		entry = entry[:len(entry)-len(rd.rest)]
		p.seq, p.length, p.sum = r.Seq, uint32(len(entry)), crc32.Checksum(entry, castagnoli)
		if err := show(r, kind, p, entry); err != nil {
			return err
		}
		count++
	}
	if count != f.records {
		return &DamageError{s.name, at, fmt.Sprintf("%d records where there should be %d", count, f.records)}
	}
	return nil
}

// readPlaces reads records, and checks that they are what was written.
func readPlaces(folder disk.Folder, places []place) (records []runner.Record, err error) {
	var (
		file disk.File
		open *segment
	)
	defer func() {
		if file != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	for _, p := range places {
		if p.segment != open {
			if file != nil {
				if err := file.Close(); err != nil {
					return nil, err
				}
			}
			if file, err = folder.Open(p.segment.name); err != nil {
				file = nil
				return nil, err
			}
			open = p.segment
		}
		r, err := p.read(file)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// read reads one record.
func (p place) read(file io.ReaderAt) (runner.Record, error) {
	b := make([]byte, p.length)
	if n, err := file.ReadAt(b, p.at); n < len(b) {
		return runner.Record{}, fmt.Errorf("journal: read %s at byte %d: %w", p.segment.name, p.at, err)
	}
	if crc32.Checksum(b, castagnoli) != p.sum {
		return runner.Record{}, &DamageError{p.segment.name, p.at, "this is not the record that was written"}
	}
	rd := reader{rest: b}
	r, _, err := rd.record()
	if err != nil { // it had the same bytes when it was read before
		return runner.Record{}, &DamageError{p.segment.name, p.at, err.Error()}
	}
	return r, nil
}
