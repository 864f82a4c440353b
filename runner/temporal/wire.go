package temporal

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// What travels between callers, workflows and activities. It is in the histories
// of executions, so that fields may be added and none may change its meaning.

// workflowVersion names the interpreter. One that would decide differently on a
// history of this one needs another name beside it.
const workflowVersion = "taskchain.v1/"

// The names by which Temporal knows what belongs to a plan.
func workflowName(plan string) string { return workflowVersion + plan }

func activityName(plan, path string, phase chain.Phase) string {
	if phase == chain.Compensation {
		return plan + "/" + path + "//compensation"
	}
	return plan + "/" + path
}

func conditionName(plan, path string) string { return plan + "/" + path + "//when" }

// The names of the queries.
const (
	queryContext  = "taskchain.context"
	queryProgress = "taskchain.progress"
)

// An order is what a workflow is started with.
type order struct {
	Plan        string          `json:"plan"` // the name that its workers know it by
	Title       string          `json:"title,omitempty"`
	Fingerprint string          `json:"fingerprint"`
	Steps       []node          `json:"steps"`     // the structure that is interpreted, the plan itself first
	Execution   document        `json:"execution"` // a chain.Snapshot
	Activities  activityOptions `json:"activities"`
	MaxHistory  int             `json:"max_history,omitempty"` // events; 0: as the server suggests
	Attributes  bool            `json:"attributes,omitempty"`  // there are search attributes for it
	Continued   *continued      `json:"continued,omitempty"`
}

// activityOptions are what the caller has said of the steps' activities.
type activityOptions struct {
	Heartbeat time.Duration `json:"heartbeat_ns"`
	Backstop  time.Duration `json:"backstop_ns"`
	Lost      int           `json:"lost"`
	Missing   time.Duration `json:"missing_ns"`
}

// continued is what an execution takes along when its history begins anew.
type continued struct {
	Began     time.Time         `json:"began"`
	Deadlines map[int]time.Time `json:"deadlines,omitempty"` // by the step's index

	Cancelled *chain.StoredError         `json:"cancelled,omitempty"` // why, if it was
	Branches  document                   `json:"branches,omitempty"`  // patch by the branch's index: of the data that its Parallel began with
	Conflicts map[int]*chain.StoredError `json:"conflicts,omitempty"` // by the Parallel's index, where the data could not be merged
}

// A node is what the interpreter needs to know of one element of a plan.
type node struct {
	Path                string         `json:"path,omitempty"`
	Kind                builder.Kind   `json:"kind"`
	Parent              int            `json:"parent,omitempty"`
	Next                int            `json:"next"`
	Conditional         bool           `json:"conditional,omitempty"`
	Compensation        bool           `json:"compensation,omitempty"`
	CompensateOnFailure bool           `json:"compensate_on_failure,omitempty"`
	Failure             policy.Failure `json:"failure,omitempty"`
	HandlesFailure      bool           `json:"handles_failure,omitempty"`
	Within              time.Duration  `json:"within_ns,omitempty"`
}

func nodesOf[T any](plan *builder.Plan[T]) []node {
	nodes := []node{nodeOf(plan.Root())}
	for s := range plan.Steps() {
		nodes = append(nodes, nodeOf(s))
	}
	return nodes
}

func nodeOf(s builder.Step) node {
	return node{
		Path: s.Path, Kind: s.Kind, Parent: s.Parent, Next: s.Next,
		Conditional: s.Conditional, Compensation: s.HasCompensation, CompensateOnFailure: s.CompensateOnFailure,
		Failure: s.Failure, HandlesFailure: s.HandlesFailure, Within: s.Within,
	}
}

func stepsOf(nodes []node) ([]builder.Step, error) {
	steps := make([]builder.Step, len(nodes))
	for i, n := range nodes {
		if n.Next <= i || n.Next > len(nodes) || i > 0 && (n.Parent < 0 || n.Parent >= i) {
			return nil, fmt.Errorf("steps[%d]: the structure of the plan does not hold together", i)
		}
		steps[i] = builder.Step{
			Path: n.Path, Name: path.Base(n.Path), Kind: n.Kind, Index: i, Parent: n.Parent, Next: n.Next,
			Conditional: n.Conditional, HasCompensation: n.Compensation, CompensateOnFailure: n.CompensateOnFailure,
			Failure: n.Failure, HandlesFailure: n.HandlesFailure, Within: n.Within,
		}
		if i > 0 {
			steps[i].Depth = steps[n.Parent].Depth + 1
		}
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("steps: there is no plan")
	}
	return steps, nil
}

// A task is what an activity is started with: the execution, and how far its
// step is.
type task struct {
	Execution json.RawMessage    `json:"execution"` // a pending chain.Snapshot
	Attempts  int                `json:"attempts,omitempty"`
	Elapsed   time.Duration      `json:"elapsed_ns,omitempty"`
	Cause     *chain.StoredError `json:"cause,omitempty"` // of a compensation
	Lost      int                `json:"lost"`            // workers that may be lost before it is given up
	Heartbeat time.Duration      `json:"heartbeat_ns"`
	Missing   time.Duration      `json:"missing_ns"` // that it waits for a worker that has the step
}

// A report is what an activity gives back, the details of a failed one included.
type report struct {
	Execution json.RawMessage    `json:"execution"` // a chain.Snapshot: metadata and trace of what was done
	Data      patch              `json:"data,omitzero"`
	Failed    *chain.StoredError `json:"failed,omitempty"`
	Again     bool               `json:"again,omitempty"` // another attempt is to follow
	Wait      time.Duration      `json:"wait_ns,omitempty"`
	Lost      bool               `json:"lost,omitempty"` // the data that it has succeeded with, which can't be carried
}

// progress is what an activity tells of itself in its heartbeats, to whoever goes
// on with it.
type progress struct {
	Starts int       `json:"starts"`          // of this activity, that have not ended in order, so far as workers lived to tell
	Ended  int       `json:"ended,omitempty"` // starts that have
	Failed int       `json:"failed"`          // attempts that have failed; the one at work is none of them
	Began  time.Time `json:"began"`           // the first of them
	Next   time.Time `json:"next,omitzero"`   // when the next may begin, by the server's clock
	Missed time.Time `json:"missed,omitzero"` // since when no worker has had the step

	Report *report `json:"report,omitempty"` // what the failed attempts have done
}

// An answer is what became of a question to a step's When.
type answer struct {
	Holds  bool               `json:"holds"`
	Failed *chain.StoredError `json:"failed,omitempty"`
}

// attemptsIn is how many attempts had begun, if before had before the trace.
func attemptsIn(trace []chain.Event, before int) int {
	for _, e := range trace {
		if e.Kind == chain.KindStarted || e.Kind == chain.KindCompensating {
			before = e.Attempt
		}
	}
	return before
}

// beginOf is the event of an attempt whose end nobody knows.
func beginOf(phase chain.Phase, attempt int, at time.Time) chain.Event {
	e := chain.Event{Time: at, Kind: chain.KindStarted, Phase: phase, Attempt: attempt}
	if phase == chain.Compensation {
		e.Kind = chain.KindCompensating
	}
	return e
}

// settledIn is the trace up to the last attempt that has failed.
func settledIn(trace []chain.Event) []chain.Event {
	for i, e := range slices.Backward(trace) {
		if e.Kind == chain.KindRetrying {
			return trace[:i+1]
		}
	}
	return nil
}
