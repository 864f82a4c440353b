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

// entries shows each entry of a segment, with its place.
func (s *segment) entries(file []byte, show func(r runner.Record, kind byte, p place) error) (end, last int64, err error) {
	return s.groups(file, func(at int64, f frame, group []byte) error {
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
			if err := show(r, kind, p); err != nil {
				return err
			}
			count++
		}
		if count != f.records {
			return &DamageError{s.name, at, fmt.Sprintf("%d records where there should be %d", count, f.records)}
		}
		return nil
	})
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
		_, r, err := p.read(file, nil)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// read reads one record, which is a part of its entry, into b or a larger one.
func (p place) read(file io.ReaderAt, b []byte) (entry []byte, r runner.Record, err error) {
	entry = slices.Grow(b, int(p.length))[:p.length]
	if n, err := file.ReadAt(entry, p.at); n < len(entry) {
		return nil, r, fmt.Errorf("journal: read %s at byte %d: %w", p.segment.name, p.at, err)
	}
	if crc32.Checksum(entry, castagnoli) != p.sum {
		return nil, r, &DamageError{p.segment.name, p.at, "this is not the record that was written"}
	}
	rd := reader{rest: entry}
	if r, _, err = rd.record(); err != nil { // it had the same bytes when it was read before
		return nil, r, &DamageError{p.segment.name, p.at, err.Error()}
	}
	return entry, r, nil
}
