package runnertest_test

import (
	"testing"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/runnertest"
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
func TestAsyncInRealTime(t *testing.T) {
	runnertest.Run(t, newAsync, runnertest.AsyncSteps, runnertest.Together, runnertest.Resumes, runnertest.Returns, runnertest.RealTime)
}
