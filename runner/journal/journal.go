package journal

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"sync"

	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
)

// MaxRecord is how many bytes a record may have, all fields together.
const MaxRecord = 64 << 20

var _ runner.Store = (*Journal)(nil)

// A Journal is a runner.Store in a folder. It is made by Open, and safe for
// concurrent use.
type Journal struct {
	folder   disk.Folder
	settings settings
	lock     interface{ Close() error }
	cut      Cut

	mu       sync.Mutex // guards what follows
	index    index
	segments []*segment // oldest first; the last one is the active one
	queue    []*group   // what is to be written, in order
	newest   *group     // that there was
	writing  bool       // somebody has the lead
	crowd    int        // about how many append at once
	failed   error      // what ended the writing
	closed   bool
	cleaning bool
	trouble  error // what ended the cleaning

	active *segment  // changed by who has the lead, with mu held
	file   disk.File // the active one's, for who has the lead

	spare  spare
	upkeep sync.WaitGroup
	files  sync.RWMutex // held by readers, and by who takes a file away
}

// Append adds a record to those of its execution, and returns when it is on the
// disk. The error matches runner.ErrConflict, ErrTooLarge, ErrFailed or
// ErrClosed, or is the context's: one that has ended adds nothing. Once it is on
// its way, a record waits for the disk and not for the context.
func (j *Journal) Append(ctx context.Context, r runner.Record) error {
	if ctx.Err() != nil {
		return fmt.Errorf("journal: append to execution %q: %w", r.ID, context.Cause(ctx))
	}
	if n := len(r.ID) + len(r.Plan) + len(r.Fingerprint) + len(r.Body); n > MaxRecord {
		return fmt.Errorf("%w: record %d of execution %q has %d bytes, and may have %d", ErrTooLarge, r.Seq, r.ID, n, MaxRecord)
	}
	buf := entryBuffers.Get().(*[]byte)
	defer entryBuffers.Put(buf)
	entry := appendRecord((*buf)[:0], r)
	*buf = entry[:0]
	sum := crc32.Checksum(entry, castagnoli)
	r.Begun, r.Changed = r.Begun.Round(0).UTC(), r.Changed.Round(0).UTC() // as they will be read

	j.mu.Lock()
	if err := j.usable(); err != nil {
		j.mu.Unlock()
		return err
	}
	e := j.index.known(r.ID)
	if next := e.next; r.Seq != next {
		if next == 0 {
			delete(j.index, r.ID) // it was unknown
		}
		j.mu.Unlock()
		return fmt.Errorf("journal: execution %q has %d records, this is number %d: %w", r.ID, next, r.Seq, runner.ErrConflict)
	}
	e.next++
	g := j.join(len(entry))
	g.addRecord(e, r, entry, sum)
	return j.settle(g)
}

var entryBuffers = sync.Pool{New: func() any { return new([]byte) }}

// usable tells why nothing can be appended. j.mu is held.
func (j *Journal) usable() error {
	if j.closed {
		return ErrClosed
	}
	return j.failed
}

// Records reads the records of an execution from the newest that is Whole on,
// and looks whether they are as they were written: the error matches ErrDamaged
// if they are not. They are the caller's.
func (j *Journal) Records(_ context.Context, id string) ([]runner.Record, error) {
	j.files.RLock() // no file goes while it is read
	defer j.files.RUnlock()
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil, ErrClosed
	}
	var places []place
	if e := j.index[id]; e != nil {
		places = append(places, e.places...)
	}
	j.mu.Unlock()
	return readPlaces(j.folder, places)
}

// List tells of the executions there are when the loop begins, in no order. The
// loop may use j.
func (j *Journal) List(_ context.Context, q runner.Query) iter.Seq2[runner.Head, error] {
	return func(yield func(runner.Head, error) bool) {
		heads, err := j.heads(q)
		if err != nil {
			yield(runner.Head{}, err)
			return
		}
		for _, head := range heads {
			if !yield(head, nil) {
				return
			}
		}
	}
}

func (j *Journal) heads(q runner.Query) (heads []runner.Head, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, ErrClosed
	}
	for _, e := range j.index {
		if len(e.places) > 0 && q.Matches(e.head) {
			heads = append(heads, e.head)
		}
	}
	return heads, nil
}

// lateForgets is how many bytes about forgotten executions may wait for somebody
// else's write.
const lateForgets = 64 << 10

// Forget removes an execution. That is written with the next Append or by Close;
// the bytes are gone when the files that have them are cleaned up. The error
// matches ErrFailed, after which the next Open may or may not find it, or ErrClosed.
func (j *Journal) Forget(_ context.Context, id string) error {
	j.mu.Lock()
	if err := j.usable(); err != nil || j.index[id] == nil {
		j.mu.Unlock()
		return err
	}
	j.index.forget(id)
	g := j.join(len(id))
	g.buf = appendTombstone(g.buf, id)
	g.count++
	if len(g.buf) > lateForgets {
		return j.settle(g)
	}
	j.mu.Unlock()
	return nil
}

// Recovered is what Open has cut off, if it has.
func (j *Journal) Recovered() (cut Cut, was bool) { return j.cut, j.cut.Bytes > 0 }

// Err is why nothing is written any more, or nil: for a health check. It matches
// ErrFailed or ErrClosed, as each Append does then. It does not look at the disk: a
// full one shows when something is appended.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.usable()
}

// Close waits for what is being appended, and lets go of the folder. The error
// has what failed that nobody was waiting for, too, such as the cleaning of old
// files. Every later use of j is ErrClosed.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return ErrClosed
	}
	j.closed = true
	j.mu.Unlock()
	j.upkeep.Wait()
	err := j.flush()
	j.files.Lock() // when all have read
	defer j.files.Unlock()
	j.mu.Lock() // and nobody has the lead
	defer j.mu.Unlock()
	return errors.Join(err, j.trouble, j.file.Close(), j.spare.remove(j.folder), j.lock.Close(), j.folder.Close())
}

// fail ends the writing. j.mu is held.
func (j *Journal) fail(err error) { j.failed = fmt.Errorf("%w: %w", ErrFailed, err) }
