package temporal

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// An Option is an option of Register, of NewRunner, or of both, as each says. One
// that is given to the wrong one is an error.
type Option struct {
	apply func(*options) error
	at    place
}

type place uint8

const (
	workers place = 1 << iota
	callers
)

func (p place) String() string {
	if p == workers {
		return "Register"
	}
	return "NewRunner"
}

type options struct {
	name      string
	queue     string
	engine    engine.Options
	start     []func(*client.StartWorkflowOptions)
	activity  activityOptions
	longest   time.Duration // wait inside an activity
	stateSize int

	maxHistory int
	attributes bool
}

func optionsOf(plan string, at place, opts []Option) (options, error) {
	o := options{
		name:      plan,
		activity:  activityOptions{Heartbeat: 10 * time.Second, Backstop: 24 * time.Hour, Lost: 10, Missing: time.Hour},
		longest:   time.Second,
		stateSize: 1 << 20,
	}
	var faults []error
	for _, opt := range opts {
		switch {
		case opt.apply == nil: // the zero Option says nothing
		case opt.at&at == 0:
			faults = append(faults, fmt.Errorf("temporal: an option of %s was given to %s", opt.at, at))
		default:
			if err := opt.apply(&o); err != nil {
				faults = append(faults, fmt.Errorf("temporal: %w", err))
			}
		}
	}
	if o.name == "" {
		faults = append(faults, errors.New("temporal: a plan needs a name, by which workers and callers know it: use Named or the option Name"))
	}
	if o.queue == "" {
		o.queue = o.name
	}
	return o, errors.Join(faults...)
}

// Name is the name by which workers and callers know the plan, where that is not
// what the plan's Named says. It is for Register and NewRunner.
func Name(name string) Option {
	return Option{func(o *options) error { o.name = name; return nil }, workers | callers}
}

// With gives the workers options that serve every runner. Interceptors are called
// around each attempt, in the worker that makes it, and WithConcurrency counts the
// attempts of one worker. Observers are called by the worker that interprets the
// plan, and see the events of a step when its attempts are over, with the times
// at which they were; once each, but for those of a moment at which a worker dies.
// They must return within a second, or Temporal takes the worker for stuck. It is
// for Register.
func With(opts ...runner.Option) Option {
	return Option{func(o *options) (err error) {
		o.engine, err = runner.EngineOptions(opts...)
		return err
	}, workers}
}

// TaskQueue is where the executions' work is left for workers. The default is the
// plan's name. It is for NewRunner; workers say theirs to worker.New.
func TaskQueue(name string) Option {
	return Option{func(o *options) error {
		if name == "" {
			return errors.New("TaskQueue: the name is empty")
		}
		o.queue = name
		return nil
	}, callers}
}

// StartOptions has change called with the options that each execution is started
// with: search attributes, a memo, a summary for the UI and the like are set
// there. The ID is that of chain.WithID, and a timeout of the execution or its
// runs would end it without compensating: those must be left as they are. By
// default the ID policy is that an ID is used once. It is for NewRunner.
func StartOptions(change func(*client.StartWorkflowOptions)) Option {
	return Option{func(o *options) error {
		if change == nil {
			return errors.New("StartOptions: nil func")
		}
		o.start = append(o.start, change)
		return nil
	}, callers}
}

// Heartbeat is how long a worker may be silent before it is taken for lost and
// its step begun anew elsewhere. A step at work tells of itself five times in it,
// and hears then of a cancellation. The default is 10 seconds. It is for NewRunner.
func Heartbeat(d time.Duration) Option {
	return duration("Heartbeat", d, func(o *options) *time.Duration { return &o.activity.Heartbeat })
}

// Backstop ends a step that neither returns nor lets its worker die, after d. It
// stands behind the Timeout of the step, which is the one to use: after a
// Backstop the step is begun anew elsewhere, whatever is still at work. The
// default is 24 hours. It is for NewRunner.
func Backstop(d time.Duration) Option {
	return duration("Backstop", d, func(o *options) *time.Duration { return &o.activity.Backstop })
}

// MissingAfter is how long a step waits for a worker that has its function, while
// there are workers that don't. Then it fails with chain.ErrPlanChanged. The
// default is an hour. It is for NewRunner.
func MissingAfter(d time.Duration) Option {
	return duration("MissingAfter", d, func(o *options) *time.Duration { return &o.activity.Missing })
}

func duration(what string, d time.Duration, at func(*options) *time.Duration) Option {
	return Option{func(o *options) error {
		if d <= 0 {
			return fmt.Errorf("%s: must be positive, got %v", what, d)
		}
		*at(o) = d
		return nil
	}, callers}
}

// LostWorkers is how many workers may die in the middle of one step before it
// fails: it may be the step that kills them. A lost worker is no attempt of the
// step's Retry. The default is 10. It is for NewRunner.
func LostWorkers(n int) Option {
	return Option{func(o *options) error {
		if n < 0 {
			return fmt.Errorf("LostWorkers: must not be negative, got %d", n)
		}
		o.activity.Lost = n
		return nil
	}, callers}
}

// MaxState is how large the data may become, in bytes of JSON. The default is
// 1 MiB; Temporal's limit for one message is 2 MiB unless its operators have
// changed it, and some room is needed besides the data. A step that leaves more
// has failed, and is compensated with the data as they were before it. It is for
// Register.
func MaxState(bytes int) Option {
	return Option{func(o *options) error {
		if bytes < 1 {
			return fmt.Errorf("MaxState: must be at least 1, got %d", bytes)
		}
		o.stateSize = bytes
		return nil
	}, workers | callers}
}

// MaxHistory is how many events the history of an execution may have before it
// goes on with a new one, by Temporal's continue-as-new. The default is what the
// server suggests, some 4,000. Branches of a Parallel leave a history together, so
// that it may become longer while one of them is in the middle of a long step. It is
// for NewRunner.
func MaxHistory(events int) Option {
	return Option{func(o *options) error {
		if events < 1 {
			return fmt.Errorf("MaxHistory: must be at least 1, got %d", events)
		}
		o.maxHistory = events
		return nil
	}, callers}
}

// SearchAttributes has executions found by plan and status, in Temporal's search
// attributes [PlanAttribute] and [StatusAttribute]. Both must be known to the
// server, as keywords, and nothing can be started where they are not, so it is for
// users to say:
//
//	temporal operator search-attribute create --name TaskchainPlan --type Keyword
//	temporal operator search-attribute create --name TaskchainStatus --type Keyword
//
// The status is set at the end, which is one event more in the history. It is for
// NewRunner.
func SearchAttributes() Option {
	return Option{func(o *options) error { o.attributes = true; return nil }, callers}
}

// The search attributes of executions whose runner has SearchAttributes.
const (
	PlanAttribute   = "TaskchainPlan"
	StatusAttribute = "TaskchainStatus"
)

var (
	planKey   = temporal.NewSearchAttributeKeyKeyword(PlanAttribute)
	statusKey = temporal.NewSearchAttributeKeyKeyword(StatusAttribute)
)
