package durablework

import (
	"errors"
	"os"
	"path/filepath"
)

const (
	floorSize  = 16 << 20 // of the file, whose bytes are all written before
	floorWrite = 1 << 10
)

// A Floor is a file on which it is measured what the disk needs at least to keep
// 1 KiB: one write behind the last one and one fdatasync.
type Floor struct {
	file *os.File
	at   int64
	kib  []byte
}

// NewFloor makes the file in a folder.
func NewFloor(dir string) (*Floor, error) {
	file, err := os.Create(filepath.Join(dir, "floor"))
	if err != nil {
		return nil, err
	}
	if _, err = file.Write(make([]byte, floorSize)); err == nil {
		err = file.Sync()
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f := &Floor{file: file, kib: make([]byte, floorWrite)}
	for i := range f.kib {
		f.kib[i] = byte(i)
	}
	return f, nil
}

// Append writes 1 KiB and returns when it is on the disk. At its end the file
// begins anew.
func (f *Floor) Append() error {
	if _, err := f.file.WriteAt(f.kib, f.at); err != nil {
		return err
	}
	f.at = (f.at + floorWrite) % floorSize
	return datasync(f.file)
}

// Close closes the file.
func (f *Floor) Close() error { return f.file.Close() }
