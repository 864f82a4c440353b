package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/examples/checkout/shop"
)

// An archive is the folder of -out or -report. A nil one keeps nothing.
type archive struct{ dir *os.Root }

// openArchive opens the folder, and makes it if need be. No name is no archive.
func openArchive(dir string) (*archive, error) {
	if dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &archive{root}, nil
}

func (a *archive) close() {
	if a != nil {
		_ = a.dir.Close() // nothing is written through it
	}
}

// save writes an execution as JSON.
func (a *archive) save(exec *chain.ExecutionContext[shop.Order]) error {
	if a == nil {
		return nil
	}
	doc, err := codec.Marshal(exec)
	if err != nil {
		return fmt.Errorf("order %s: %w", exec.ID, err)
	}
	if err := a.write(fileName(exec.ID)+".json", doc); err != nil {
		return fmt.Errorf("order %s is not written: %w", exec.ID, err)
	}
	return nil
}

// write writes a file. Under its name there is the whole document or none.
func (a *archive) write(name string, doc []byte) error {
	temp := fmt.Sprintf(".%s.%d", name, os.Getpid())
	err := a.dir.WriteFile(temp, doc, 0o644)
	if err == nil {
		err = a.dir.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, a.tidy(temp))
	}
	return nil
}

// tidy removes what is left of a document that could not be written.
func (a *archive) tidy(temp string) error {
	if err := a.dir.Remove(temp); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// fileName turns an id, which comes from the input, into the name of a file: whatever means something in a path
// is escaped, and no two ids share a name, unless the file system takes A for a.
func fileName(id string) string { return url.QueryEscape(id) }
