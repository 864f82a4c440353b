package journal

import (
	"errors"
	"fmt"
)

var (
	// ErrInUse is an Open of a folder that another process, or this one, has
	// open.
	ErrInUse = errors.New("journal: the folder is in use")

	// ErrClosed is any use of a Journal that was closed.
	ErrClosed = errors.New("journal: it was closed")

	// ErrFailed is an Append to a Journal after a write or a sync has failed.
	// The error also matches what failed. Opening the folder anew is the way on.
	ErrFailed = errors.New("journal: a write has failed")

	// ErrTooLarge is an Append of a record of more than MaxRecord bytes.
	ErrTooLarge = errors.New("journal: the record is too large")

	// ErrVersion is an Open of a folder that a newer version of this library has
	// written.
	ErrVersion = errors.New("journal: unknown version of the format")

	// ErrDamaged is what every *DamageError matches.
	ErrDamaged = errors.New("journal: damaged")
)

// A DamageError tells of something in the files that was written otherwise: not
// of a write that was interrupted, which Open mends. It matches ErrDamaged.
type DamageError struct {
	File   string // its name in the folder
	Offset int64  // in bytes
	Reason string
}

// Error says where the damage is and what was found there.
func (e *DamageError) Error() string {
	return fmt.Sprintf("journal: %s is damaged at byte %d: %s", e.File, e.Offset, e.Reason)
}

// Is makes it match ErrDamaged.
func (e *DamageError) Is(target error) bool { return target == ErrDamaged }
