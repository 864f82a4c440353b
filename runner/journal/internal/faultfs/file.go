package faultfs

import (
	"errors"
	"io"
	"io/fs"

	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
)

var _ disk.File = (*file)(nil)

type file struct {
	d       *Disk
	content *content
	closed  bool
}

func (f *file) ReadAt(p []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.d.dead(); err != nil {
		return 0, err
	}
	if at >= int64(len(f.content.now)) {
		return 0, io.EOF
	}
	n := copy(p, f.content.now[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(p []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.closed {
		return 0, fs.ErrClosed
	}
	if err := f.d.begin(); err != nil {
		return 0, err
	}
	n, fault := len(p), error(nil)
	if last := f.d.fault.Byte - f.d.written - 1; f.d.fault.Byte > 0 && last >= 0 && last < int64(n) {
		n, fault = int(last), f.d.err()
	}
	if end := int(at) + n; end > len(f.content.now) {
		f.content.now = append(f.content.now, make([]byte, end-len(f.content.now))...)
	}
	copy(f.content.now[at:], p[:n])
	for sector := int(at) / Sector; sector*Sector < int(at)+n; sector++ {
		f.content.dirty[sector] = true
	}
	f.d.written += int64(n)
	f.d.writes = append(f.d.writes, int64(n))
	return n, fault
}

func (f *file) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return int64(len(f.content.now)), f.d.dead()
}

func (f *file) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	err := f.d.begin()
	if err == nil {
		f.content.safe = f.content.cut(func(sector int) bool { return f.content.dirty[sector] })
	}
	clear(f.content.dirty)
	return err
}

func (f *file) Close() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.closed {
		return errors.New("faultfs: closed twice")
	}
	f.closed = true
	f.d.open--
	return nil
}
