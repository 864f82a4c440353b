package runner

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/taskchain-go/taskchain/chain"
)

// A Store keeps the records of executions where a crash does not reach them.
// Package runner/journal is one in a folder, package runner/storetest has one in
// memory and the suite that every Store passes.
//
// A Store belongs to one process at a time: it is the Durable runners of that
// process that see to it that no execution runs twice at once. It must be
// comparable, as a pointer is, and safe for concurrent use; Appends that wait
// for the disk at the same time had better share one wait.
type Store interface {
	// Append adds a record to those of its execution and returns when it is
	// safe: from then on Records has it, whatever dies. If the execution has
	// not exactly the records 0 to r.Seq-1, the error matches ErrConflict and
	// nothing was added. After any other error it is open whether the record
	// is kept. Append does not keep r.Body.
	Append(ctx context.Context, r Record) error

	// Records reads the records of an execution in their order, from the
	// newest that is Whole on. It returns none for an ID that is unknown. What it
	// returns is the caller's.
	Records(ctx context.Context, id string) ([]Record, error)

	// List tells of each execution that q asks for what its newest record
	// says, in any order. It ends after an error.
	List(ctx context.Context, q Query) iter.Seq2[Head, error]

	// Forget removes an execution with all its records: its ID is then
	// unknown, and may be used anew. One that is unknown is no error. Forget
	// need not be safe when it returns: what was forgotten just before a crash
	// may be there again.
	Forget(ctx context.Context, id string) error
}

// ErrConflict is an Append to an execution that has other records than its
// writer believes.
var ErrConflict = errors.New("runner: the execution has other records")

// A Record is what a Store keeps of one moment of an execution.
type Record struct {
	Head
	Seq   int    // counted from 0 within the execution
	Whole bool   // those before it are not needed any more
	Body  []byte // nothing that a Store understands
}

// A Head is what a Store knows of an execution without understanding it. Of
// times it keeps the instant to the nanosecond, and maybe not the zone.
type Head struct {
	ID          string
	Plan        string // the plan's name, may be empty
	Fingerprint string // of the plan's structure
	Status      chain.Status
	Begun       time.Time // the begin of the execution
	Changed     time.Time // when this was recorded
}

// A Query asks for executions. The zero Query asks for all.
type Query struct {
	Plan          string         // by the plan's name; empty: of all plans
	Statuses      []chain.Status // one of these; none: all
	BegunBefore   time.Time      // zero: whenever
	ChangedBefore time.Time      // zero: whenever
}

// Unfinished are the statuses of executions that Recover carries on.
func Unfinished() []chain.Status {
	return []chain.Status{chain.Running, chain.Compensating}
}

// Matches tells whether q asks for the execution.
func (q Query) Matches(h Head) bool {
	return (q.Plan == "" || q.Plan == h.Plan) &&
		(len(q.Statuses) == 0 || slices.Contains(q.Statuses, h.Status)) &&
		(q.BegunBefore.IsZero() || h.Begun.Before(q.BegunBefore)) &&
		(q.ChangedBefore.IsZero() || h.Changed.Before(q.ChangedBefore))
}
