package temporal_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/runnertest"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

var names atomic.Int64

func newName() string { return fmt.Sprintf("plan-%d", names.Add(1)) }

// A pool is workers that are made while others still work. The tests use one
// after another, and only the newest are needed.
type pool struct {
	client client.Client
	opts   []temporal.Option // of the runners
	mu     sync.Mutex
	work   []worker.Worker
	inside departures
}

func (p *pool) add(w worker.Worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.work = append(p.work, w)
	if len(p.work) > 4 {
		go p.work[0].Stop()
		p.work = p.work[1:]
	}
}

func (p *pool) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.work {
		w.Stop()
	}
}

func (p *pool) new(plan *builder.Plan[runnertest.State], opts ...runner.Option) runner.Runner[runnertest.State] {
	name := newName()
	w := worker.New(p.client, name, temporal.Recommended(worker.Options{
		WorkflowPanicPolicy: worker.FailWorkflow,
		Interceptors:        []interceptor.WorkerInterceptor{&p.inside},
	}))
	if err := temporal.Register(w, plan, temporal.Name(name), temporal.With(opts...)); err != nil {
		panic(err)
	}
	if err := w.Start(); err != nil {
		panic(err)
	}
	p.add(w)
	return temporal.NewRunner(p.client, plan, append([]temporal.Option{temporal.Name(name), temporal.Heartbeat(time.Second)}, p.opts...)...)
}

// The rules hold on a real server.
func TestTemporal(t *testing.T) {
	p := &pool{client: dial(t)}
	defer p.stop()
	runnertest.Run(t, p.new, runnertest.AsyncSteps, runnertest.Together, runnertest.Resumes, runnertest.Returns, runnertest.Remote)
}

// And where each task of an execution begins with a replay of all before it.
func TestTemporalReplayed(t *testing.T) {
	dial(t)
	if os.Getenv(replayAlways) != "" {
		t.Skip("this is it")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTemporal$", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), replayAlways+"=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "PASS")
}

// departures counts the histories that were left within a Parallel, whose branches
// had changed something: a worker sees them go on.
type departures struct {
	interceptor.WorkerInterceptorBase
	seen atomic.Int64
}

func (d *departures) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &arrival{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, in: d}
}

type arrival struct {
	interceptor.WorkflowInboundInterceptorBase
	in *departures
}

func (a *arrival) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	var order struct {
		Continued *struct{ Branches json.RawMessage }
	}
	doc, err := json.Marshal(in.Args[0])
	if err != nil || json.Unmarshal(doc, &order) != nil {
		panic("this is not what an execution begins with")
	}
	if order.Continued != nil && order.Continued.Branches != nil && !workflow.IsReplaying(ctx) {
		a.in.seen.Add(1)
	}
	return a.Next.ExecuteWorkflow(ctx, in)
}
