package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/internal/durablework"
)

// byHand is what somebody writes who wants to know after a crash which steps were
// done: a row for each, with the state after it. It has no trace, retries or
// compensations.
type byHand struct {
	db                 *sql.DB
	steps              int
	begin, step, ended *sql.Stmt
	unfinished         *sql.Stmt
}

const byHandSchema = `
CREATE TABLE IF NOT EXISTS executions (id TEXT PRIMARY KEY, done INTEGER NOT NULL, state BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS unfinished ON executions (id) WHERE NOT done;
CREATE TABLE IF NOT EXISTS steps (
	execution TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, state BLOB NOT NULL,
	PRIMARY KEY (execution, number)
);`

func openByHand(dir string, steps int) (system, error) {
	db, err := openSQLite(filepath.Join(dir, "byhand.db"), "FULL", byHandSchema)
	if err != nil {
		return nil, err
	}
	s, err := prepared(db,
		`INSERT INTO executions (id, done, state) VALUES (?, FALSE, ?)`,
		`INSERT INTO steps (execution, number, name, state) VALUES (?, ?, ?, ?)`,
		`UPDATE executions SET done = TRUE WHERE id = ?`,
		`SELECT e.id, coalesce(max(s.number) + 1, 0), coalesce(s.state, e.state)
			FROM executions e LEFT JOIN steps s ON s.execution = e.id WHERE NOT e.done GROUP BY e.id`)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &byHand{db, steps, s[0], s[1], s[2], s[3]}, nil
}

func (h *byHand) Execute(ctx context.Context) (durablework.Order, error) {
	return h.executeUntil(ctx, h.steps)
}

// executeUntil dies behind some steps, unless they are all.
func (h *byHand) executeUntil(ctx context.Context, steps int) (durablework.Order, error) {
	id, order := chain.NewID(), durablework.NewOrder()
	state, err := json.Marshal(order)
	if err != nil {
		return order, err
	}
	if _, err := h.begin.ExecContext(ctx, id, state); err != nil {
		return order, err
	}
	return order, h.goOn(ctx, id, &order, 0, steps)
}

func (h *byHand) goOn(ctx context.Context, id string, order *durablework.Order, from, to int) error {
	for i := from; i < to; i++ {
		if err := durablework.Do(ctx, order); err != nil {
			return err
		}
		state, err := json.Marshal(order)
		if err != nil {
			return err
		}
		if i < h.steps-1 {
			_, err = h.step.ExecContext(ctx, id, i, durablework.StepName(i), state)
		} else {
			err = within(h.db, func(tx *sql.Tx) error {
				_, step := tx.StmtContext(ctx, h.step).ExecContext(ctx, id, i, durablework.StepName(i), state)
				_, end := tx.StmtContext(ctx, h.ended).ExecContext(ctx, id)
				return errors.Join(step, end)
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *byHand) Close() error { return h.db.Close() }
