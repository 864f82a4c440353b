package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// Register has a worker execute a plan: the interpreter is registered as a
// workflow and each step, compensation and condition as an activity. Several plans
// may be registered with one worker, and one plan with any number of workers.
// Call it before the worker is started. The error says what is wrong with the
// plan or the options, or that the worker has such a plan already.
func Register[T any](w worker.Registry, plan *builder.Plan[T], opts ...Option) (err error) {
	if w == nil {
		return errors.New("temporal: the worker is nil")
	}
	if plan == nil {
		return errors.New("temporal: the plan is nil")
	}
	o, err := optionsOf(plan.Name(), workers, opts)
	if err != nil {
		return err
	}
	defer func() {
		if v := recover(); v != nil { // as the registry says that a name is taken
			err = fmt.Errorf("temporal: plan %q: %v", o.name, v)
		}
	}()
	i := &interpreter{options: o.engine}
	w.RegisterWorkflowWithOptions(i.run, workflow.RegisterOptions{Name: workflowName(o.name)})

	inActivities := o.engine
	inActivities.Observers = nil
	p := &performer[T]{program: engine.Compile(plan, inActivities), longest: o.longest, stateSize: o.stateSize}
	p.take(plan.Funcs(0))
	for s := range plan.Steps() {
		f := plan.Funcs(s.Index)
		p.take(f)
		if f.When != nil {
			register(w, conditionName(o.name, s.Path), p.condition(s.Index))
		}
		if !s.Kind.Composite() {
			register(w, activityName(o.name, s.Path, chain.Forward), p.step(s.Index, chain.Forward))
		}
		if s.HasCompensation {
			register(w, activityName(o.name, s.Path, chain.Compensation), p.step(s.Index, chain.Compensation))
		}
	}
	leaveOthers(w)
	return nil
}

// leaveOthers has the worker leave steps that it lacks for others, and give up
// the wait for one after the time of the caller's choosing. One that has a
// dynamic activity already, of the user's or ours, keeps it.
func leaveOthers(w worker.Registry) {
	defer func() {
		if v := recover(); v != nil && v != "dynamic activity already registered" {
			panic(v)
		}
	}()
	w.RegisterDynamicActivity(func(ctx context.Context, args converter.EncodedValues) (any, error) {
		var in task
		if err := args.Get(&in); err != nil || in.Execution == nil {
			return nil, fmt.Errorf("this worker does not have the activity %s", activity.GetInfo(ctx).ActivityType.Name)
		}
		return nil, lacking(ctx, in)
	}, activity.DynamicRegisterOptions{})
}

// lacking is the failure of a step that this worker does not have.
func lacking(ctx context.Context, in task) error {
	info := activity.GetInfo(ctx)
	given, begun, err := givenTo(ctx, in)
	if err != nil {
		return givenUp(failedInput, err.Error(), given, begun)
	}
	if given.Missed.IsZero() {
		given.Missed = time.Now()
	}
	if time.Since(given.Missed) >= in.Missing {
		text := fmt.Sprintf("%v: for %v no worker has had the step %s", chain.ErrPlanChanged, in.Missing, info.ActivityType.Name)
		return givenUp(failedPlan, text, given, begun)
	}
	given.Ended++
	_ = heartbeat(ctx, info, activity.GetClient(ctx), given) // else this counts as a start of which nothing is known
	return temporal.NewApplicationErrorWithOptions(
		fmt.Sprintf("this worker does not have the step %s", info.ActivityType.Name), failedHere,
		temporal.ApplicationErrorOptions{Details: []any{given, begun}})
}

func register[R any](w worker.Registry, name string, perform func(context.Context, task) (R, error)) {
	w.RegisterActivityWithOptions(perform, activity.RegisterOptions{Name: name})
}
