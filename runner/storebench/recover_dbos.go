package main

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

type transactRecovery struct{}

// fill executes once and copies the rows of that.
func (t transactRecovery) fill(dir string, finished int) error {
	sys, err := openDBOS(dir, steps)
	if err != nil {
		return err
	}
	if err := errors.Join(execute(sys, steps), sys.Close()); err != nil {
		return err
	}
	return t.copy(dir, "finished", finished-1, nil)
}

// leave copies it as one of which half of the steps are done.
func (t transactRecovery) leave(dir string, unfinished int) error {
	return t.copy(dir, fmt.Sprint("left at ", time.Now().UnixNano()), unfinished, func(tx *sql.Tx, like string) error {
		_, status := tx.Exec(`UPDATE workflow_status SET status = 'PENDING', completed_at = NULL WHERE workflow_uuid LIKE ?`, like)
		_, output := tx.Exec(`DELETE FROM workflow_output WHERE workflow_uuid LIKE ?`, like)
		_, outputs := tx.Exec(`DELETE FROM operation_outputs WHERE workflow_uuid LIKE ? AND function_id >= ?`, like, steps/2)
		return errors.Join(status, output, outputs)
	})
}

// copy copies the first execution, in all tables that have a part of it.
func (t transactRecovery) copy(dir, prefix string, times int, change func(tx *sql.Tx, like string) error) error {
	db, err := openSQLite(filepath.Join(dir, "dbos.db"), "NORMAL", "")
	if err != nil {
		return err
	}
	err = within(db, func(tx *sql.Tx) error {
		var first string
		if err := tx.QueryRow(`SELECT workflow_uuid FROM workflow_status ORDER BY rowid LIMIT 1`).Scan(&first); err != nil {
			return err
		}
		for _, table := range []string{"workflow_status", "workflow_input", "workflow_output", "operation_outputs"} {
			var columns string
			if err := tx.QueryRow(`SELECT group_concat('"' || name || '"') FROM pragma_table_info(?)`, table).Scan(&columns); err != nil {
				return err
			}
			values := strings.Replace(columns, `"workflow_uuid"`, `? || ' ' || n`, 1)
			text := fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM copies, %s WHERE workflow_uuid = ?`, table, columns, values, table)
			if _, err := tx.Exec(copied+text, times, prefix, first); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		if change == nil {
			return nil
		}
		return change(tx, prefix+" %")
	})
	return errors.Join(err, db.Close())
}

// recover launches DBOS, which enqueues what was left and dequeues it by and by.
func (transactRecovery) recover(dir string, unfinished int) (r recovered, err error) {
	var begun, ended sync.WaitGroup
	begun.Add(unfinished)
	ended.Add(unfinished)
	begin := time.Now()
	config := configOf(dir)
	sys, err := launchDBOS(config, steps, func(workflow dbos.Workflow[order, order]) dbos.Workflow[order, order] {
		return func(ctx dbos.Context, o order) (order, error) {
			begun.Done()
			defer ended.Done()
			return workflow(ctx, o)
		}
	})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, sys.Close()) }()
	r.opened = time.Since(begin)
	begun.Wait()
	r.underWay = time.Since(begin)
	ended.Wait()
	for { // until their ends are recorded
		left, err := dbos.ListWorkflows(sys.(*transact).ctx, dbos.WithFilterLimit(1),
			dbos.WithFilterStatus(dbos.WorkflowStatusPending, dbos.WorkflowStatusEnqueued))
		if err != nil {
			return r, err
		}
		if len(left) == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	r.ended = time.Since(begin)
	return r, nil
}
