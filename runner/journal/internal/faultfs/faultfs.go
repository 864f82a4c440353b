// Package faultfs is a file system for the tests of the journal: it lives in
// memory, fails where it is told to, and plays what a crash or a power cut makes
// of a disk.
//
// What was written is there at once for everybody who reads, and safe after a
// Sync. After a Sync that failed it is still what is read, but no later Sync makes
// it safe, unless it is written again: Linux takes it for written then. A power
// cut keeps of what was not safe any sectors it likes, in any order; of names it
// keeps any number of the oldest changes.
package faultfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"

	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
)

// Sector is what a disk writes at once.
const Sector = 512

// ErrFault is the error of what was told to fail, if no other was given.
var ErrFault = errors.New("faultfs: it was told to fail")

var _ disk.Folder = (*Disk)(nil)

// A Disk is one folder. It is safe for concurrent use.
type Disk struct {
	mu     sync.Mutex
	files  map[string]*content
	safe   map[string]*content // the names that a power cut leaves
	change []func(map[string]*content)
	locked bool
	open   int

	ops     int   // since it was made: a write, a sync or a change of a name
	written int64 // bytes, since it was made
	writes  []int64
	fault   Fault
	failed  bool
}

// content is a file: what is read, what is safe of it, and the sectors that the
// next Sync writes.
type content struct {
	now, safe []byte
	dirty     map[int]bool
}

func newContent(now, safe []byte) *content {
	return &content{slices.Clone(now), slices.Clone(safe), map[int]bool{}}
}

// A Fault says what fails. The zero Fault is none.
type Fault struct {
	Byte int64 // the write with this one, counted from 1 over all writes, ends before it
	Op   int   // this write, sync or change of a name, counted from 1, does nothing
	Dead bool  // so does everything after that, reading included
	Err  error // nil is ErrFault
}

// New makes an empty folder.
func New() *Disk {
	return &Disk{files: map[string]*content{}, safe: map[string]*content{}}
}

// Fail sets what fails. Bytes and operations have been counted since d was made.
func (d *Disk) Fail(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = f
}

// Failed tells whether the fault has come to pass.
func (d *Disk) Failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// Count is how many operations there were, and how many bytes they wrote.
func (d *Disk) Count() (ops int, written int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops, d.written
}

// Writes are the bytes of each write there was.
func (d *Disk) Writes() []int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.writes)
}

// OpenFiles is how many files are open, the lock included.
func (d *Disk) OpenFiles() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked {
		return d.open + 1
	}
	return d.open
}

// Crash is what the process leaves when it dies and the machine does not:
// everything that was written.
func (d *Disk) Crash() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := New()
	for name, c := range d.files {
		left.files[name] = newContent(c.now, c.safe)
		left.files[name].dirty = maps.Clone(c.dirty)
	}
	left.safe = maps.Clone(left.files) // names that are not safe are a matter of PowerCut
	return left
}

// PowerCut is what a machine leaves that loses its power: all that was safe, the
// oldest names changes of those that were not, and those sectors for which keep
// says so, which is asked for each that differs.
func (d *Disk) PowerCut(names int, keep func(name string, sector int) bool) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := New()
	files := maps.Clone(d.safe)
	for _, change := range d.change[:min(names, len(d.change))] {
		change(files)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		kept := files[name].cut(func(sector int) bool { return keep(name, sector) })
		left.files[name] = newContent(kept, kept)
	}
	left.safe = maps.Clone(left.files)
	return left
}

// cut is what is left of a file.
func (c *content) cut(keep func(sector int) bool) []byte {
	left := slices.Clone(c.safe)
	for at := 0; at < len(c.now); at += Sector {
		to := min(at+Sector, len(c.now))
		if to <= len(c.safe) && slices.Equal(c.now[at:to], c.safe[at:to]) || !keep(at/Sector) {
			continue
		}
		for len(left) < to {
			left = append(left, 0)
		}
		copy(left[at:], c.now[at:to])
	}
	return left
}

// Unsafe is how many sectors of a file are not safe.
func (d *Disk) Unsafe(name string) (sectors []int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.files[name]; c != nil {
		c.cut(func(sector int) bool { sectors = append(sectors, sector); return false })
	}
	return sectors
}

// Bytes is what is in a file, which may be changed: for damaging it.
func (d *Disk) Bytes(name string) []byte { return d.files[name].now }

// Put makes a file.
func (d *Disk) Put(name string, b []byte) {
	c := newContent(b, b)
	d.files[name], d.safe[name] = c, c
}

// begin counts an operation and tells whether it fails. d.mu is held.
func (d *Disk) begin() error {
	if d.failed && d.fault.Dead {
		return d.err()
	}
	if d.ops++; d.ops == d.fault.Op {
		return d.err()
	}
	return nil
}

func (d *Disk) err() error {
	d.failed = true
	if d.fault.Err != nil {
		return d.fault.Err
	}
	return ErrFault
}

// dead tells whether nothing works any more.
func (d *Disk) dead() error {
	if d.failed && d.fault.Dead {
		return d.err()
	}
	return nil
}

// Lock is disk.Folder's.
func (d *Disk) Lock() (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked {
		return nil, disk.ErrLocked
	}
	d.locked = true
	return unlock{d}, nil
}

type unlock struct{ d *Disk }

func (u unlock) Close() error {
	u.d.mu.Lock()
	defer u.d.mu.Unlock()
	u.d.locked = false
	return nil
}

// Close is disk.Folder's, and does nothing: the tests go on with the folder.
func (d *Disk) Close() error { return nil }

// Names is disk.Folder's.
func (d *Disk) Names() ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.files)), d.dead()
}

// Open is disk.Folder's.
func (d *Disk) Open(name string) (disk.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.files[name]
	if c == nil {
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
	if err := d.dead(); err != nil {
		return nil, err
	}
	d.open++
	return &file{d: d, content: c}, nil
}

// Create is disk.Folder's.
func (d *Disk) Create(name string) (disk.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := newContent(nil, nil)
	if err := d.renaming(func(files map[string]*content) { files[name] = c }); err != nil {
		return nil, err
	}
	d.open++
	return &file{d: d, content: c}, nil
}

// Rename is disk.Folder's.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.renaming(func(files map[string]*content) {
		if c := files[from]; c != nil {
			files[to] = c
			delete(files, from)
		}
	})
}

// Remove is disk.Folder's.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.renaming(func(files map[string]*content) { delete(files, name) })
}

func (d *Disk) renaming(change func(map[string]*content)) error {
	if err := d.begin(); err != nil {
		return err
	}
	change(d.files)
	d.change = append(d.change, change)
	return nil
}

// Sync is disk.Folder's.
func (d *Disk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.begin(); err != nil {
		return err
	}
	for _, change := range d.change {
		change(d.safe)
	}
	d.change = nil
	return nil
}
