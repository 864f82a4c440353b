//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package disk

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// A flocked is what is locked, the system's way: that ends with the process, and
// belongs to the open file, so that a second one in this process is refused as well.
type flocked []*os.File

// lock locks a file, and the folder too where the system has that: somebody may take
// the file away, so as to be let in.
func lock(root *os.Root) (io.Closer, error) {
	f, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	held := flocked{f}
	if err := flock(f); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	dir, err := root.Open(".")
	if err != nil {
		return nil, errors.Join(err, held.Close())
	}
	held = append(held, dir)
	if err := flock(dir); errors.Is(err, ErrLocked) {
		return nil, errors.Join(err, held.Close())
	}
	return held, nil
}

func flock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		return &os.PathError{Op: "lock", Path: filepath.Clean(f.Name()), Err: err}
	}
	return nil
}

func (held flocked) Close() (err error) {
	for _, f := range held {
		err = errors.Join(err, f.Close())
	}
	return err
}

// removed tells whether an open folder has no name any more.
func removed(f *os.File) bool {
	var info syscall.Stat_t
	return syscall.Fstat(int(f.Fd()), &info) == nil && info.Nlink == 0
}
