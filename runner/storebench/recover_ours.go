package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/taskchain-go/taskchain/internal/durablework"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
)

type ourRecovery struct{}

func (ourRecovery) fill(dir string, finished int) error {
	sys, err := openOurs(dir, steps)
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	faults := make([]error, 4*atOnce)
	for i := range faults {
		group.Go(func() {
			for n := i; n < finished && faults[i] == nil; n += len(faults) {
				faults[i] = execute(sys, steps)
			}
		})
	}
	group.Wait()
	return errors.Join(append(faults, sys.Close())...)
}

// leave has the executions wait in a step for a shutdown of their runner, after
// which they stand where they are.
func (ourRecovery) leave(dir string, unfinished int) error {
	j, err := journal.Open(filepath.Join(dir, "journal"))
	if err != nil {
		return err
	}
	var arrived sync.WaitGroup
	gate := make(chan struct{})
	d := runner.NewDurable(durablework.PlanWith(steps, steps/2-1, func(ctx context.Context, o *durablework.Order) error {
		arrived.Done()
		<-gate
		return durablework.Do(ctx, o)
	}), j)
	arrived.Add(unfinished)
	for range unfinished {
		handle := d.Start(context.Background(), durablework.NewOrder())
		select {
		case <-handle.Done(): // it can't have: the gate is closed
			_, err := handle.Wait(context.Background())
			return fmt.Errorf("start: %v", err)
		default:
		}
	}
	arrived.Wait()
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if err := d.Shutdown(now); !errors.Is(err, context.Canceled) { // it waits for none yet
		return fmt.Errorf("shutdown: %v", err)
	}
	close(gate)
	return errors.Join(d.Shutdown(context.Background()), j.Close())
}

func (ourRecovery) recover(dir string, unfinished int) (r recovered, err error) {
	begin := time.Now()
	j, err := journal.Open(filepath.Join(dir, "journal"))
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	r.opened = time.Since(begin)
	d := runner.NewDurable(durablework.Plan(steps), j)
	found, err := d.Recover(context.Background())
	if err != nil {
		return r, err
	}
	r.underWay = time.Since(begin)
	for _, handle := range found.Resumed {
		out, err := handle.Wait(context.Background())
		if err != nil {
			return r, err
		}
		if out.Context.Data.Done != steps {
			return r, fmt.Errorf("%d of %d steps were done", out.Context.Data.Done, steps)
		}
	}
	r.ended = time.Since(begin)
	if len(found.Resumed) != unfinished {
		return r, fmt.Errorf("%d were found of %d", len(found.Resumed), unfinished)
	}
	return r, d.Shutdown(context.Background())
}
