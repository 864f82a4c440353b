package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// A sqliteStore is a runner.Store in a table: a transaction for each record.
type sqliteStore struct {
	db                                     *sql.DB
	next, insert, records, drop, all, gone *sql.Stmt
}

const storeSchema = `
CREATE TABLE IF NOT EXISTS records (
	id BLOB NOT NULL, seq INTEGER NOT NULL, whole INTEGER NOT NULL, body BLOB,
	plan TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, begun BLOB NOT NULL, changed BLOB NOT NULL,
	PRIMARY KEY (id, seq)
);`

func openSQLiteStore(path string) (*sqliteStore, error) {
	db, err := openSQLite(path, "FULL", storeSchema)
	if err != nil {
		return nil, err
	}
	s, err := prepared(db,
		`SELECT coalesce(max(seq) + 1, 0) FROM records WHERE id = ?`,
		`INSERT INTO records (id, seq, whole, body, plan, fingerprint, status, begun, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		`SELECT id, seq, whole, body, plan, fingerprint, status, begun, changed FROM records WHERE id = ? ORDER BY seq`,
		`DELETE FROM records WHERE id = ? AND seq < ?`,
		`SELECT id, plan, fingerprint, status, begun, changed FROM records r WHERE seq = (SELECT max(seq) FROM records WHERE id = r.id)`,
		`DELETE FROM records WHERE id = ?`)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &sqliteStore{db, s[0], s[1], s[2], s[3], s[4], s[5]}, nil
}

func (s *sqliteStore) Append(ctx context.Context, r runner.Record) error {
	return within(s.db, func(tx *sql.Tx) error {
		next, id := 0, []byte(r.ID)
		if err := tx.StmtContext(ctx, s.next).QueryRowContext(ctx, id).Scan(&next); err != nil {
			return err
		}
		if next != r.Seq {
			return fmt.Errorf("sqlite: execution %q has %d records, this is number %d: %w", r.ID, next, r.Seq, runner.ErrConflict)
		}
		if r.Whole {
			if _, err := tx.StmtContext(ctx, s.drop).ExecContext(ctx, id, r.Seq); err != nil {
				return err
			}
		}
		begun, err := r.Begun.MarshalBinary()
		if err != nil {
			return err
		}
		changed, err := r.Changed.MarshalBinary()
		if err != nil {
			return err
		}
		_, err = tx.StmtContext(ctx, s.insert).ExecContext(ctx, id, r.Seq, r.Whole, r.Body, r.Plan, r.Fingerprint, int(r.Status), begun, changed)
		return err
	})
}

func (s *sqliteStore) Records(ctx context.Context, id string) (records []runner.Record, err error) {
	rows, err := s.records.QueryContext(ctx, []byte(id))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r runner.Record
		h := headScanner{head: &r.Head}
		if err := rows.Scan(&h.id, &r.Seq, &r.Whole, &r.Body, &r.Plan, &r.Fingerprint, &h.status, &h.begun, &h.changed); err != nil {
			return nil, err
		}
		if err := h.finish(); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, rows.Err()
}

// List reads all heads before it shows the first: the loop may use s, which has
// one connection.
func (s *sqliteStore) List(ctx context.Context, q runner.Query) iter.Seq2[runner.Head, error] {
	return func(yield func(runner.Head, error) bool) {
		heads, err := s.heads(ctx, q)
		if err != nil {
			yield(runner.Head{}, err)
			return
		}
		for _, head := range heads {
			if !yield(head, nil) {
				return
			}
		}
	}
}

func (s *sqliteStore) heads(ctx context.Context, q runner.Query) (heads []runner.Head, err error) {
	rows, err := s.all.QueryContext(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var head runner.Head
		h := headScanner{head: &head}
		if err := rows.Scan(&h.id, &head.Plan, &head.Fingerprint, &h.status, &h.begun, &h.changed); err != nil {
			return nil, err
		}
		if err := h.finish(); err != nil {
			return nil, err
		}
		if q.Matches(head) {
			heads = append(heads, head)
		}
	}
	return heads, rows.Err()
}

func (s *sqliteStore) Forget(ctx context.Context, id string) error {
	_, err := s.gone.ExecContext(ctx, []byte(id))
	return err
}

func (s *sqliteStore) Close() error { return s.db.Close() }

// A headScanner is what the columns of a Head are read into.
type headScanner struct {
	head           *runner.Head
	id             []byte
	status         int
	begun, changed []byte
}

func (h *headScanner) finish() error {
	h.head.ID, h.head.Status = string(h.id), chain.Status(h.status)
	var begun, changed time.Time
	err := errors.Join(begun.UnmarshalBinary(h.begun), changed.UnmarshalBinary(h.changed))
	h.head.Begun, h.head.Changed = begun, changed
	return err
}
