package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/taskchain-go/taskchain/internal/durablework"
)

// copied are so many numbered rows, to be joined to a row that is copied.
const copied = `WITH RECURSIVE copies (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < ?) `

type byHandRecovery struct{}

// fill executes once and copies the rows of that: executing takes too long.
func (byHandRecovery) fill(dir string, finished int) error {
	sys, err := openByHand(dir, steps)
	if err != nil {
		return err
	}
	h := sys.(*byHand)
	err = execute(h, steps)
	if err == nil {
		err = within(h.db, func(tx *sql.Tx) error {
			_, copyExecutions := tx.Exec(copied+`INSERT INTO executions SELECT printf('%032d', n), done, state FROM executions, copies`, finished-1)
			_, copySteps := tx.Exec(copied+`INSERT INTO steps SELECT printf('%032d', n), number, name, state FROM copies, steps`, finished-1)
			return errors.Join(copyExecutions, copySteps)
		})
	}
	return errors.Join(err, h.Close())
}

func (byHandRecovery) leave(dir string, unfinished int) error {
	sys, err := openByHand(dir, steps)
	if err != nil {
		return err
	}
	for range unfinished {
		if _, err := sys.(*byHand).executeUntil(context.Background(), steps/2); err != nil {
			return errors.Join(err, sys.Close())
		}
	}
	return sys.Close()
}

func (byHandRecovery) recover(dir string, unfinished int) (r recovered, err error) {
	begin := time.Now()
	sys, err := openByHand(dir, steps)
	if err != nil {
		return r, err
	}
	h := sys.(*byHand)
	defer func() { err = errors.Join(err, h.Close()) }()
	r.opened = time.Since(begin)
	type left struct {
		id    string
		next  int
		order durablework.Order
	}
	var found []left
	rows, err := h.unfinished.Query()
	if err != nil {
		return r, err
	}
	defer rows.Close()
	for rows.Next() {
		var l left
		var state []byte
		if err := errors.Join(rows.Scan(&l.id, &l.next, &state), json.Unmarshal(state, &l.order)); err != nil {
			return r, err
		}
		found = append(found, l)
	}
	if err := rows.Err(); err != nil {
		return r, err
	}
	if len(found) != unfinished {
		return r, fmt.Errorf("%d were found of %d", len(found), unfinished)
	}
	errs := make(chan error, len(found))
	for _, l := range found {
		go func() {
			err := h.goOn(context.Background(), l.id, &l.order, l.next, steps)
			if err == nil && l.order.Done != steps {
				err = fmt.Errorf("%d of %d steps were done", l.order.Done, steps)
			}
			errs <- err
		}()
	}
	r.underWay = time.Since(begin)
	for range found {
		err = errors.Join(err, <-errs)
	}
	r.ended = time.Since(begin)
	return r, err
}
