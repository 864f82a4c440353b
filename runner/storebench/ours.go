package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/taskchain-go/taskchain/internal/durablework"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
)

// A closingStore is a Store with an end.
type closingStore interface {
	runner.Store
	Close() error
}

type taskchain struct {
	*runner.Durable[durablework.Order]
	store closingStore
}

func openOurs(dir string, steps int) (system, error) {
	store, err := journal.Open(filepath.Join(dir, "journal"))
	if err != nil {
		return nil, err
	}
	return over(store, steps), nil
}

func openOursOnSQLite(dir string, steps int) (system, error) {
	store, err := openSQLiteStore(filepath.Join(dir, "store.db"))
	if err != nil {
		return nil, err
	}
	return over(store, steps), nil
}

func over(store closingStore, steps int) system {
	return &taskchain{runner.NewDurable(durablework.Plan(steps), store), store}
}

func (t *taskchain) Execute(ctx context.Context) (durablework.Order, error) {
	out, err := t.Run(ctx, durablework.NewOrder())
	if err != nil {
		return durablework.Order{}, err
	}
	return out.Context.Data, nil
}

func (t *taskchain) Close() error {
	return errors.Join(t.Shutdown(context.Background()), t.store.Close())
}
