package engine_test

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// haltingAt is a host whose second write fails, and that does something before.
type haltingAt struct {
	crashing
	before func()
}

func (h *haltingAt) Commit() error {
	err := h.crashing.Commit()
	if err != nil {
		h.before()
	}
	return err
}

// lockedIn waits until some goroutine waits for a lock in the function.
func lockedIn(function string) {
	for {
		buf := make([]byte, 1<<20)
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "sync.(*Mutex).Lock") && strings.Contains(g, function) {
				return
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// An observer that a goroutine left behind tells panics just when the execution
// stops: all is told nevertheless.
func TestAHaltWaitsForWhoDropsAnObserver(t *testing.T) {
	looking, panics, locked, unlock := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
	var block atomic.Bool
	plan := chain.New[state]().
		Step("x", func(context.Context, *state) error { return errCrash }).
		Step("a", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[state]) error {
			go exec.Log(slog.LevelInfo, "hello")
			<-looking
			return nil
		})).
		Step("b", ok).
		OnFailure(policy.Continue).
		MustBuild()
	var told atomic.Int32
	observers := []func(context.Context, chain.Event){
		func(_ context.Context, e chain.Event) {
			if e.Kind == chain.KindLog && e.Message == "hello" {
				close(looking)
				<-panics
				panic("oh")
			}
		},
		func(_ context.Context, e chain.Event) { told.Add(1) },
	}
	exec := chain.NewExecutionContext(state{})
	h := &haltingAt{crashing: crashing{t: t, Local: engine.Local{Start: time.Now()}, plan: plan, exec: exec, left: 2, world: new(ledger)}}
	h.before = func() {
		block.Store(true)
		go exec.Trace() // holds the lock in ErrorText
		<-locked
		go func() {
			lockedIn("(*Recorder).Halt")
			close(panics)
			lockedIn("(*Recorder).drop")
			block.Store(false)
			close(unlock)
		}()
	}
	program := engine.Compile(plan, engine.Options{Observers: observers, ErrorText: func(err error) string {
		if block.CompareAndSwap(true, false) {
			close(locked)
			<-unlock
		}
		return err.Error()
	}})
	x, err := engine.Begin(t.Context(), program, exec, h, h.Start)
	require.NoError(t, err)
	x.Drive()
	n := int(told.Load())
	require.Len(t, exec.Trace(), n, exec.Trace().String())
}
