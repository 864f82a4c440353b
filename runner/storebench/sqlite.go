package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // the driver
)

// openSQLite opens a database as its manual has it for one that loses nothing: a
// write-ahead log that is synced with each commit. All use one connection, since
// SQLite has one writer at a time.
func openSQLite(path, synchronous, schema string) (*sql.DB, error) {
	options := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "foreign_keys(ON)", "journal_mode(WAL)", fmt.Sprintf("synchronous(%s)", synchronous),
	}}
	db, err := sql.Open("sqlite", "file:"+path+"?"+options.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(schema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// prepared are statements that are closed with their database.
func prepared(db *sql.DB, texts ...string) ([]*sql.Stmt, error) {
	statements := make([]*sql.Stmt, len(texts))
	for i, text := range texts {
		var err error
		if statements[i], err = db.Prepare(text); err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
	}
	return statements, nil
}

// within runs do in a transaction.
func within(db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
