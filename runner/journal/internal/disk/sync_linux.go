package disk

import (
	"errors"
	"os"
	"syscall"
)

// syncFile leaves out what fsync writes beside the content and the size, such as
// the time of the write.
func syncFile(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if errors.Is(err, syscall.EINTR) {
			continue // it has not begun
		}
		if err != nil {
			return &os.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
		}
		return nil
	}
}
