package disk

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Files and folders are their owner's: what they hold can be personal data.
const (
	fileMode   = 0o600
	folderMode = 0o700
)

type folder struct{ path string }

// At is the folder at path, which is made if there is none.
func At(path string) (Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := makeSafe(path); err != nil {
		return nil, err
	}
	return folder{path}, nil
}

// makeSafe makes a folder and those around it, so that a crash leaves them there.
func makeSafe(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return &os.PathError{Op: "mkdir", Path: path, Err: errors.New("it is a file")}
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	parent := filepath.Dir(path)
	if err := makeSafe(parent); err != nil {
		return err
	}
	if err := os.Mkdir(path, folderMode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncFolder(parent)
}

func (f folder) in(name string) string { return filepath.Join(f.path, name) }

func (f folder) Lock() (io.Closer, error) { return lock(f.in("lock")) }

func (f folder) Names() ([]string, error) {
	entries, err := os.ReadDir(f.path)
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names, err
}

func (f folder) Open(name string) (File, error) { return f.open(name, os.O_RDWR) }

func (f folder) Create(name string) (File, error) {
	return f.open(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

func (f folder) open(name string, flag int) (File, error) {
	opened, err := os.OpenFile(f.in(name), flag, fileMode)
	if err != nil {
		return nil, err
	}
	return file{opened}, nil
}

func (f folder) Rename(from, to string) error { return os.Rename(f.in(from), f.in(to)) }

func (f folder) Remove(name string) error { return os.Remove(f.in(name)) }

func (f folder) Sync() error { return syncFolder(f.path) }

type file struct{ *os.File }

func (f file) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f file) Sync() error { return syncFile(f.File) }
