package runnertest_test

import (
	"testing"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/runnertest"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

type state = runnertest.State

func newSync(plan *builder.Plan[state], opts ...runner.Option) runner.Runner[state] {
	return runner.NewSync(plan, opts...)
}

func newAsync(plan *builder.Plan[state], opts ...runner.Option) runner.Runner[state] {
	return runner.NewAsync(plan, opts...)
}

func TestSync(t *testing.T) { runnertest.Run(t, newSync, runnertest.Resumes) }

func TestAsync(t *testing.T) {
	runnertest.Run(t, newAsync, runnertest.AsyncSteps, runnertest.Together, runnertest.Resumes, runnertest.Returns)
}

// What waits in real time is waited for in real time.
func TestDurable(t *testing.T) {
	runnertest.Run(t, newDurable, runnertest.AsyncSteps, runnertest.Resumes, runnertest.Returns)
}

func newDurable(plan *builder.Plan[runnertest.State], opts ...runner.Option) runner.Runner[runnertest.State] {
	return runner.NewDurable(plan, storetest.NewMemory(), opts...)
}

func TestAsyncInRealTime(t *testing.T) {
	runnertest.Run(t, newAsync, runnertest.AsyncSteps, runnertest.Together, runnertest.Resumes, runnertest.Returns, runnertest.RealTime)
}
