package journal

import (
	"errors"
	"io"
	"sync"

	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
)

// A spare is the file of the next segment, made beforehand: its bytes are
// written, so that a sync of what is written there later need not take care of
// the file's size and whereabouts.
type spare struct {
	mu   sync.Mutex
	size int64 // 0: there is none
}

// prepare makes it. What fails then is tried again when it is needed.
func (s *spare) prepare(folder disk.Folder, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size == 0 && fill(folder, size) == nil {
		s.size = size
	}
}

// take makes it a file that begins with h, closed and safe, and gives it its
// name before another spare may be made.
func (s *spare) take(folder disk.Folder, h header, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ready := s.size
	s.size = 0
	if ready != h.size {
		if err := fill(folder, h.size); err != nil {
			return err
		}
	}
	file, err := folder.Open(spareName)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(h.encode(), 0)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return folder.Rename(spareName, name)
}

func (s *spare) remove(folder disk.Folder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size == 0 {
		return nil
	}
	return folder.Remove(spareName)
}

// fill makes a file of zeros.
func fill(folder disk.Folder, size int64) error {
	file, err := folder.Create(spareName)
	if err != nil {
		return err
	}
	err = writeZeros(file, 0, size)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, folder.Remove(spareName)) // a full disk needs the room
	}
	return nil
}

var zeros [1 << 20]byte

func writeZeros(w io.WriterAt, from, to int64) error {
	for from < to {
		n, err := w.WriteAt(zeros[:min(to-from, int64(len(zeros)))], from)
		if err != nil {
			return err
		}
		from += int64(n)
	}
	return nil
}
