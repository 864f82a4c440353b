package journal_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
)

// A durable runner does the appending and reading. This is what it relies on:
// what was appended is there when the folder is opened again.
func Example() {
	dir, err := os.MkdirTemp("", "executions")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	j, err := journal.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	order := runner.Head{ID: "order-7", Plan: "checkout", Status: chain.Running, Begun: time.Now(), Changed: time.Now()}
	for seq, what := range []string{"begun", "reserved", "charged"} {
		if err := j.Append(ctx, runner.Record{Head: order, Seq: seq, Body: []byte(what)}); err != nil {
			log.Fatal(err)
		}
	}
	if err := j.Close(); err != nil { // or the process dies
		log.Fatal(err)
	}

	j, err = journal.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()
	for head, err := range j.List(ctx, runner.Query{Statuses: runner.Unfinished()}) {
		if err != nil {
			log.Fatal(err)
		}
		records, err := j.Records(ctx, head.ID)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(head.ID, head.Status)
		for _, r := range records {
			fmt.Println(r.Seq, string(r.Body))
		}
	}
	// Output:
	// order-7 running
	// 0 begun
	// 1 reserved
	// 2 charged
}

// Two processes never share a folder, and neither do two journals in one.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "executions")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	j, err := journal.Open(filepath.Join(dir, "shop"), journal.WithSegmentSize(1<<20))
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()
	_, err = journal.Open(filepath.Join(dir, "shop"))
	fmt.Println(errors.Is(err, journal.ErrInUse))
	// Output: true
}

// Whatever is wrong with a folder, nothing in it is changed by trying.
func ExampleDamageError() {
	dir, err := os.MkdirTemp("", "executions")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "0000000001.journal"), []byte("something else"), 0o600); err != nil {
		log.Fatal(err)
	}

	_, err = journal.Open(dir)
	var damage *journal.DamageError
	switch {
	case errors.Is(err, journal.ErrInUse): // by another process
	case errors.Is(err, journal.ErrVersion): // written by a later version of this library
	case errors.Is(err, journal.ErrDamaged) && errors.As(err, &damage):
		fmt.Println(damage.File, damage.Offset, damage.Reason)
	}
	// Output: 0000000001.journal 0 it does not begin as a journal does
}

func ExampleJournal_Append() {
	dir, err := os.MkdirTemp("", "executions")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	j, err := journal.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	order := runner.Record{Head: runner.Head{ID: "order-7"}, Whole: true}
	fmt.Println(j.Append(context.Background(), order))

	err = j.Append(context.Background(), order) // again number 0
	switch {
	case errors.Is(err, runner.ErrConflict):
		fmt.Println("somebody else has added to it")
	case errors.Is(err, journal.ErrTooLarge): // it has more than MaxRecord bytes
	case errors.Is(err, journal.ErrFailed): // the disk is full, or broken: open the folder anew
	}

	fmt.Println(j.Close())
	fmt.Println(errors.Is(j.Append(context.Background(), order), journal.ErrClosed))
	// Output:
	// <nil>
	// somebody else has added to it
	// <nil>
	// true
}

// What is cut off at the begin and what can't be cleaned up goes to a logger.
func ExampleLogTo() {
	dir, err := os.MkdirTemp("", "executions")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	j, err := journal.Open(dir, journal.LogTo(slog.Default()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(j.Close())
	// Output: <nil>
}

// What a crash left of a write that was interrupted is cut off, and told.
func ExampleJournal_Recovered() {
	dir, err := os.MkdirTemp("", "executions")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	j, err := journal.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()
	if cut, was := j.Recovered(); was {
		fmt.Printf("cut %d bytes off %s at byte %d\n", cut.Bytes, cut.File, cut.Offset)
	} else {
		fmt.Println("nothing was interrupted")
	}
	// Output: nothing was interrupted
}
