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

const lockName = "lock"

// A folder is known by what the system has opened, and not by its path: where that
// leads may change.
type folder struct {
	root   *os.Root
	self   *os.File
	linked bool // the system counts its names
}

// At is the folder at path, which is made if there is none.
func At(path string) (Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := makeSafe(path); err != nil {
		return nil, err
	}
	return openFolder(path)
}

func openFolder(path string) (f folder, err error) {
	if f.root, err = os.OpenRoot(path); err != nil {
		return f, err
	}
	if f.self, err = f.root.Open("."); err != nil {
		return f, errors.Join(err, f.root.Close())
	}
	f.linked = !removed(f.self)
	return f, nil
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
	outer, err := openFolder(parent)
	if err != nil {
		return err
	}
	return errors.Join(outer.Sync(), outer.Close())
}

func (f folder) Close() error { return errors.Join(f.self.Close(), f.root.Close()) }

func (f folder) Lock() (io.Closer, error) {
	held, err := lock(f.root)
	return held, f.named(err)
}

func (f folder) Names() ([]string, error) {
	opened, err := f.root.Open(".")
	if err != nil {
		return nil, f.named(err)
	}
	names, err := opened.Readdirnames(-1)
	return names, errors.Join(err, opened.Close())
}

func (f folder) Open(name string) (File, error) { return f.open(name, os.O_RDWR) }

func (f folder) Create(name string) (File, error) {
	return f.open(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

func (f folder) open(name string, flag int) (File, error) {
	opened, err := f.root.OpenFile(name, flag, fileMode)
	if err != nil {
		return nil, f.named(err)
	}
	return file{opened, f}, nil
}

func (f folder) Rename(from, to string) error { return f.named(f.root.Rename(from, to)) }

func (f folder) Remove(name string) error { return f.named(f.root.Remove(name)) }

func (f folder) Sync() error { return f.named(syncFolder(f.self)) }

// named says where in the system the file is that an error of root's is about.
func (f folder) named(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok && !filepath.IsAbs(e.Path) {
		e.Path = filepath.Join(f.root.Name(), e.Path)
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		e.Old, e.New = filepath.Join(f.root.Name(), e.Old), filepath.Join(f.root.Name(), e.New)
	}
	return err
}

type file struct {
	*os.File
	in folder
}

func (f file) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Sync looks after the folder and not the file itself: of a file whose times
// somebody has seen, some systems write the times anew with every write.
func (f file) Sync() error {
	if err := syncFile(f.File); err != nil {
		return err
	}
	if f.in.linked && removed(f.in.self) {
		return &os.PathError{Op: "sync", Path: f.in.root.Name(), Err: errRemoved}
	}
	return nil
}

var errRemoved = errors.New("it was removed")
