//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package disk

import (
	"errors"
	"io"
	"os"
)

// lock has no lock that would end with the process, and without one two
// processes could share a folder.
func lock(root *os.Root) (io.Closer, error) {
	return nil, &os.PathError{Op: "lock", Path: root.Name(), Err: errors.ErrUnsupported}
}

func removed(*os.File) bool { return false }
