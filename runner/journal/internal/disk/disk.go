// Package disk is what a journal needs of a file system, as an interface that
// the tests can put a failing one behind, and the real one.
package disk

import (
	"errors"
	"io"
)

// ErrLocked is a Lock on a folder that somebody has locked.
var ErrLocked = errors.New("it is locked")

// A Folder is one folder of files, without folders inside. It stays the same one
// when it is moved, whatever then stands in its place.
type Folder interface {
	io.Closer

	// Lock keeps others from the folder, in this process and in others, until
	// it is closed or the process ends. The error matches ErrLocked if it is
	// theirs.
	Lock() (io.Closer, error)

	// Names are those of the files, in no order.
	Names() ([]string, error)

	// Open opens a file that exists, to read and write.
	Open(name string) (File, error)

	// Create makes an empty file, in place of one that may exist.
	Create(name string) (File, error)

	Rename(from, to string) error
	Remove(name string) error

	// Sync returns when what was created, renamed and removed is safe.
	Sync() error
}

// A File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer

	Size() (int64, error)

	// Sync returns when what was written is safe. It is an error if the folder was
	// removed, as far as the system tells: nobody would find it after a crash.
	Sync() error
}
