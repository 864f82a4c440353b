package main

import (
	"context"

	"github.com/taskchain-go/taskchain/internal/durablework"
)

const steps = 10 // of an execution, unless it says otherwise

// A contender is a way to execute steps so that no crash forgets them.
type contender struct {
	name string
	open func(dir string, steps int) (system, error)
}

// A system is a contender at work in a folder.
type system interface {
	// Execute executes the steps on a new Order and returns what came of it. It
	// may be called at once.
	Execute(ctx context.Context) (durablework.Order, error)
	Close() error
}

const ours = "taskchain, runner/journal"

var contenders = []contender{
	{ours, openOurs},
	{"taskchain, its Store on SQLite, FULL", openOursOnSQLite},
	{"steps by hand on SQLite, FULL", openByHand},
	{"DBOS on SQLite, NORMAL", openDBOS},
	{"DBOS on SQLite, FULL", openDBOSFull},
}
