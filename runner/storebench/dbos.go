package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // registers it with dbos

	"github.com/taskchain-go/taskchain/internal/durablework"
)

type order = durablework.Order

// transact is DBOS. What a step returns, the Order, is kept with it.
type transact struct {
	ctx      dbos.Context
	db       *sql.DB // nil: its own
	workflow dbos.Workflow[order, order]
}

// openDBOS opens DBOS as its manual has it: its SQLite syncs the log when it is
// checkpointed, not with each commit (synchronous=NORMAL), so that a power cut
// can take the last steps.
func openDBOS(dir string, steps int) (system, error) { return launchDBOS(configOf(dir), steps, nil) }

func configOf(dir string) dbos.Config {
	return dbos.Config{DatabaseURL: "sqlite:" + filepath.Join(dir, "dbos.db")}
}

// openDBOSFull opens DBOS over a database that syncs each commit.
func openDBOSFull(dir string, steps int) (system, error) {
	db, err := openSQLite(filepath.Join(dir, "dbosfull.db"), "FULL", "")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(8) // as its own
	return launchDBOS(dbos.Config{SQLiteSystemDB: db}, steps, nil)
}

// launchDBOS launches DBOS with a workflow of so many steps, around which wrap may
// put something.
func launchDBOS(config dbos.Config, steps int, wrap func(dbos.Workflow[order, order]) dbos.Workflow[order, order]) (system, error) {
	config.AppName, config.ApplicationVersion, config.Logger = "storebench", "1", slog.New(slog.DiscardHandler)
	ctx, err := dbos.NewContext(context.Background(), config)
	if err != nil {
		return nil, err
	}
	t := &transact{ctx, config.SQLiteSystemDB, workflowOf(steps)}
	if wrap != nil {
		t.workflow = wrap(t.workflow)
	}
	dbos.RegisterWorkflow(ctx, t.workflow, dbos.WithWorkflowName("order"))
	if err := dbos.Launch(ctx); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func workflowOf(steps int) dbos.Workflow[order, order] {
	return func(ctx dbos.Context, o order) (order, error) {
		for i := range steps {
			var err error
			o, err = dbos.RunAsStep(ctx, func(ctx context.Context) (order, error) {
				err := durablework.Do(ctx, &o)
				return o, err
			}, dbos.WithStepName(durablework.StepName(i)))
			if err != nil {
				return o, err
			}
		}
		return o, nil
	}
}

func (t *transact) Execute(context.Context) (durablework.Order, error) {
	handle, err := dbos.RunWorkflow(t.ctx, t.workflow, durablework.NewOrder())
	if err != nil {
		return order{}, err
	}
	return handle.GetResult()
}

func (t *transact) Close() error {
	err := dbos.Shutdown(t.ctx, 10*time.Second)
	if t.db != nil {
		err = errors.Join(err, t.db.Close())
	}
	return err
}
