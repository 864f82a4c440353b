package runnertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// The runners below are wrong on purpose, each in one way. Most are a right
// runner that is given another plan than the one it was asked to run.

const (
	traitsOfSync  = Resumes
	traitsOfAsync = AsyncSteps | Together | Resumes | Returns
)

func rightSync(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	return runner.NewSync(plan, opts...)
}

func rightAsync(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	return runner.NewAsync(plan, opts...)
}

// broken is a wrong runner and the cases that must catch it.
type broken struct {
	does  string // what is wrong, in words
	make  New
	has   Trait
	cases []string // rule and name; each must fail
}

var brokenRunners = []broken{
	// Rule 1.
	{"runs the steps in reverse", altered(rightSync, alter{reverse: true}), traitsOfSync, []string{
		"1 StepsRunInOrder", "1 AConditionDecidesAtThatMoment",
	}},
	{"puts the state back after a failed attempt", altered(rightSync, alter{do: forgetful}), traitsOfSync, []string{
		"1 WhatAFailedAttemptChangedStays",
	}},
	{"runs on the same state each time", shared, traitsOfSync, []string{"1 RunsShareNothing"}},

	// Rule 2.
	{"counts retries and not attempts", retrying(func(r policy.Retry, n int) policy.Retry { return policy.Fixed(n+1, 0) }), traitsOfSync, []string{
		"2 AttemptsAreCountedInTotal", "2 DelaysAreThePolicys",
	}},
	{"retries whatever the error", retrying(func(_ policy.Retry, n int) policy.Retry { return policy.Fixed(n, 0) }), traitsOfSync, []string{
		"2 OnlyWhatThePolicyRetries",
	}},
	{"never retries", retrying(func(policy.Retry, int) policy.Retry { return policy.Fixed(1, 0) }), traitsOfSync, []string{
		"2 AttemptsAreCountedInTotal", "2 EachAttemptHasItsOwnTimeout", "8 ACompensationHasItsOwnRetries",
	}},
	{"has no timeouts", altered(rightSync, alter{step: func(s *builder.Step) {
		s.Timeout, s.CompensationTimeout = 0, 0
	}}), traitsOfSync, []string{
		"2 EachAttemptHasItsOwnTimeout", "3 TheCauseIsErrTimeout", "8 ACompensationHasItsOwnTimeout",
	}},
	{"sits out its delays", patient, traitsOfSync, []string{"2 WaitingEndsWithTheContext"}},

	// Rule 3.
	{"abandons a step at its timeout", altered(rightSync, alter{do: abandoning}), traitsOfSync, []string{
		"3 TheRunnerWaitsForTheStep", "3 NilAfterTheDeadlineIsSuccess",
	}},
	{"fails a step that was late", altered(rightSync, alter{do: strict}), traitsOfSync, []string{
		"3 NilAfterTheDeadlineIsSuccess",
	}},

	// Rule 4.
	{"swallows panics", altered(rightSync, alter{do: swallowing}), traitsOfSync, []string{
		"4 APanicIsAFailure", "4 APanicIsRetriedOnlyByName",
	}},
	{"lets panics through", letting, traitsOfSync, []string{"4 APanicIsAFailure"}},
	{"takes a panic in a condition for no", altered(rightSync, alter{when: lenient}), traitsOfSync, []string{
		"4 APanicOfAnyFunctionOfTheUsers",
	}},
	{"takes a Goexit for success", altered(rightAsync, alter{do: surviving}), traitsOfAsync, []string{"4 AGoexitIsAFailure"}},
	{"does not return though it said so", rightSync, traitsOfSync | Returns, []string{"4 AGoexitIsAFailure"}},

	// Rule 5.
	{"always undoes", strategic(policy.Abort, policy.Compensate), traitsOfSync, []string{"5 Abort"}},
	{"never continues", strategic(policy.Continue, policy.Abort), traitsOfSync, []string{"5 Continue", "10 UnderContinueTheSiblingsGoOn"}},
	{"never undoes", strategic(policy.Compensate, policy.Abort), traitsOfSync, []string{
		"5 CompensateUndoesNewestFirst", "5 CompensateOnFailureUndoesTheFailedStep", "6 ItsOwnCompensationStandsForItsSteps",
	}},
	{"undoes the failed step as well", altered(rightSync, alter{step: func(s *builder.Step) {
		s.CompensateOnFailure = s.HasCompensation
	}}), traitsOfSync, []string{"5 CompensateUndoesNewestFirst", "6 ItsOwnCompensationStandsForItsSteps"}},
	{"never undoes the failed step", altered(rightSync, alter{step: func(s *builder.Step) {
		s.CompensateOnFailure = false
	}}), traitsOfSync, []string{"5 CompensateOnFailureUndoesTheFailedStep", "6 AHalfDoneProcessIsUndoneAsOneIfItSaysSo"}},
	{"undoes after success", thenUndoes, traitsOfSync, []string{"5 NothingIsUndoneWithoutAFailure"}},

	// Rule 6.
	{"flattens Processes", altered(rightSync, alter{flat: true}), traitsOfSync, []string{
		"6 TheErrorBubblesUpWithItsPath", "6 ItsOwnCompensationStandsForItsSteps", "6 AFragmentHandlesItsOwnFailuresFirst",
	}},
	{"ignores a fragment's strategy", altered(rightSync, alter{step: func(s *builder.Step) { s.HandlesFailure = false }}), traitsOfSync, []string{
		"6 AFragmentHandlesItsOwnFailuresFirst", "6 WhatAFragmentHasUndoneIsNotUndoneAgain",
	}},

	// Rule 7.
	{"does not see the caller's cancellation", deaf, traitsOfSync, []string{
		"2 WaitingEndsWithTheContext", "7 BeforeTheFirstStepNothingRuns",
	}},
	{"runs compensations on the forward context", altered(rightSync, alter{undo: attached}), traitsOfSync, []string{
		"7 CompensationsAreNotReached",
	}},
	{"retries a step that was cancelled", altered(rightSync, alter{do: stubborn}), traitsOfSync, []string{"7 ACancellationIsAFailure"}},
	{"skips what could not begin", quiet, traitsOfSync, []string{"7 BetweenStepsItNamesTheNext"}},
	{"has no Within", altered(rightSync, alter{step: func(s *builder.Step) { s.Within = 0 }}), traitsOfSync, []string{
		"7 WithinIsADeadlineOfTheForwardRun", "7 WithinOfAProcessIsItsOwn",
	}},

	// Rule 8.
	{"stops undoing at a failure", altered(rightSync, alter{undo: resigned}), traitsOfSync, []string{"8 TheOthersStillRun"}},
	{"hides failed compensations", altered(rightSync, alter{undo: hiding}), traitsOfSync, []string{
		"8 TheOthersStillRun", "8 ACompensationHasItsOwnRetries", "8 ACompensationHasItsOwnTimeout", "11 AStuckOneTriesItsUndosAgain",
	}},

	// Rule 9.
	{"waits for async steps though it said it can't", rightAsync, Together | Resumes | Returns, []string{"9 AsyncWorkIsRefusedBeforeAnythingRuns"}},
	{"refuses async steps though it said it can", rightSync, traitsOfSync | AsyncSteps, []string{
		"9 WhatTheChannelSays", "9 AsyncWorkIsAwaitedPastItsTimeout", "9 AsyncCompensationsUndo",
	}},
	{"does not wait for async work", altered(rightAsync, alter{start: heedless}), traitsOfAsync, []string{
		"9 WhatTheChannelSays", "9 AsyncWorkIsAwaitedPastItsTimeout", "9 AsyncCompensationsUndo",
	}},

	// Rule 10.
	{"runs branches together though it did not say so", rightAsync, AsyncSteps | Resumes | Returns, []string{
		"10 BranchesAreUndoneNewestCompletionFirst",
	}},
	{"runs branches in order though it said otherwise", rightSync, traitsOfSync | Together, []string{"10 BranchesRunTogether"}},
	{"runs branches in reverse", altered(rightSync, alter{reverse: true}), traitsOfSync, []string{"10 BranchesRunInOrder"}},
	{"has branches end their siblings under Continue", altered(rightAsync, alter{step: func(s *builder.Step) {
		if s.Kind == builder.KindParallel {
			s.HandlesFailure, s.Failure = true, policy.Abort
		}
	}}), traitsOfAsync, []string{"10 UnderContinueTheSiblingsGoOn"}},
	{"runs Parallels as Processes", altered(rightSync, alter{step: func(s *builder.Step) {
		if s.Kind == builder.KindParallel {
			s.Kind = builder.KindProcess
		}
	}}), traitsOfSync, []string{"10 UnderContinueTheSiblingsGoOn"}},
	{"never ends siblings", altered(rightAsync, alter{do: undisturbed}), traitsOfAsync, []string{
		"10 TheFirstFailureCancelsTheSiblings",
	}},
	{"abandons siblings", altered(rightAsync, alter{do: deserting}), traitsOfAsync, []string{"10 AllBranchesAreWaitedFor"}},
	{"loses what a sibling says", altered(rightAsync, alter{do: mute}), traitsOfAsync, []string{"10 ASiblingsOwnFailureIsHeard"}},
	{"undoes branches and the Parallel", altered(rightSync, alter{step: func(s *builder.Step) {
		if s.Kind.Composite() {
			s.HasCompensation = false
		}
	}}), traitsOfSync, []string{"10 ItsOwnCompensationStandsForItsBranches", "6 ItsOwnCompensationStandsForItsSteps"}},

	// Rule 11.
	{"begins anew on Resume", anew, traitsOfSync, []string{
		"11 ItRunsWhatIsNotCompleted", "11 AFinishedOneIsRefused", "11 AStuckOneTriesItsUndosAgain", "11 AnInterruptedCompensationGoesOn",
		"11 AChangedPlanIsRefused", "11 TheIdempotencyKeyStays", "11 AProcessThatWasUndoingItselfGoesOn", "11 ACancellationIsOneAfterACrashAsWell",
	}},
	{"begins anew on Resume, branches too", anewTogether, traitsOfAsync, []string{"11 ABranchDoesNotBeginBesideOneThatHasFailed"}},
	{"resumes though it did not say so", rightSync, 0, []string{"11 ResumeIsRefused"}},
	{"does not resume though it said so", unresuming, traitsOfSync, []string{"11 APendingExecutionBegins", "11 StepsAddedBehindFit", "11 WhatAProcessUndidRunsAgain"}},

	// Rule 12.
	{"tells observers twice", echoing, traitsOfSync, []string{"12 TheTraceTellsEverythingInOrder", "12 AnObserverThatPanics"}},
	{"tells nobody", func(plan *builder.Plan[State], _ ...runner.Option) runner.Runner[State] { return runner.NewSync(plan) }, traitsOfSync, []string{
		"12 TheTraceTellsEverythingInOrder", "12 AnObserverThatPanics", "12 AnObserverThatEndsItsGoroutine",
		"12 InterceptorsAreAroundEachAttempt", "12 OnlyTheErrorTextThatIsAllowed",
	}},
	{"keeps the errors from the trace", func(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
		return runner.NewSync(plan, append(opts, runner.WithErrorText(func(error) string { return "" }))...)
	}, traitsOfSync, []string{"12 EventsSayWhyAndWhen", "12 OnlyTheErrorTextThatIsAllowed"}},
}

func TestABrokenRunnerIsCaughtByTheCaseOfItsRule(t *testing.T) {
	for _, b := range brokenRunners {
		t.Run(b.does, func(t *testing.T) {
			for _, name := range b.cases {
				c := findCase(t, name)
				require.True(t, c.isFor(b.has), name)
				err := c.try(t, b.make, b.has)
				require.Error(t, err, "the case %q does not see that the runner %s", name, b.does)
				require.True(t, strings.HasPrefix(err.Error(), fmt.Sprintf("rule %d, ", c.rule)), err)
				require.ErrorContains(t, err, c.why)
			}
		})
	}
}

// A case that no wrong runner fails is worth nothing.
func TestEachCaseCatchesABrokenRunner(t *testing.T) {
	caught := map[string]bool{}
	for _, b := range brokenRunners {
		for _, name := range b.cases {
			caught[name] = true
		}
	}
	for _, c := range cases() {
		name := fmt.Sprintf("%d %s", c.rule, c.name)
		if c.needs&Remote == 0 {
			require.True(t, caught[name], "no broken runner is caught by %q", name)
		}
		require.NotEmpty(t, c.why, name)
	}
}

// A runner that gives each attempt a copy of the state passes as well.
func TestARunnerThatCopiesTheState(t *testing.T) {
	Run(t, altered(rightSync, alter{do: copying, undo: copying, step: func(s *builder.Step) {}}), Resumes, Remote)
}

func copying(_ *builder.Step, do step) step {
	return func(ctx context.Context, s *State) error {
		doc, err := json.Marshal(s)
		if err != nil {
			return err
		}
		var elsewhere State
		if err := json.Unmarshal(doc, &elsewhere); err != nil {
			return err
		}
		defer func() { *s = elsewhere }() // even if it panics
		return do(ctx, &elsewhere)
	}
}

func findCase(t *testing.T, name string) ruleCase {
	t.Helper()
	all := cases()
	i := slices.IndexFunc(all, func(c ruleCase) bool { return fmt.Sprintf("%d %s", c.rule, c.name) == name })
	require.GreaterOrEqual(t, i, 0, "no case %q", name)
	return all[i]
}

// The random plans find faults as well, without knowing what to look for.
func TestABrokenRunnerDiffersFromTheModel(t *testing.T) {
	for _, does := range []string{
		"runs the steps in reverse", "counts retries and not attempts", "retries whatever the error", "takes a panic in a condition for no",
		"never continues", "never undoes", "undoes the failed step as well", "never undoes the failed step", "ignores a fragment's strategy",
		"hides failed compensations", "begins anew on Resume", "tells observers twice",
	} {
		t.Run(does, func(t *testing.T) {
			i := slices.IndexFunc(brokenRunners, func(b broken) bool { return b.does == does })
			err := compareWithModel(t, brokenRunners[i].make, brokenRunners[i].has, 1, 500)
			require.ErrorContains(t, err, "runs alone")
			require.ErrorContains(t, err, "package main")
			program := err.Error()[strings.Index(err.Error(), "var plan"):strings.Index(err.Error(), "type state")]
			require.LessOrEqual(t, strings.Count(program, "tep("), 3, "shrunk: %s", program)
		})
	}
}

// alter is how a plan is made another one.
type alter struct {
	reverse, flat bool
	step          func(*builder.Step) // the plan itself included
	do, undo      func(*builder.Step, step) step
	start         func(builder.AsyncFunc[State]) builder.AsyncFunc[State]
	when          func(func(context.Context, *State) bool) func(context.Context, *State) bool
	retry         func(*builder.Step) policy.Retry
}

func altered(right New, a alter) New {
	return func(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
		var all []builder.Step
		for s := range plan.Steps() {
			all = append(all, s)
		}
		other, err := a.level(plan, all, plan.Root()).Named("altered").Build()
		if err != nil {
			panic(err)
		}
		return right(other, opts...)
	}
}

// level builds a level anew out of the steps that the plan says it has.
func (a alter) level(plan *builder.Plan[State], all []builder.Step, level builder.Step) builder.Builder[State] {
	b := steps()
	var children []builder.Step
	for _, s := range all {
		inside := s.Parent == level.Index
		if a.flat {
			inside = level.Index == 0 && !s.Kind.Composite()
			s.Name = strings.ReplaceAll(s.Path, "/", ".")
		}
		if inside {
			children = append(children, s)
		}
	}
	if a.reverse {
		slices.Reverse(children)
	}
	for _, s := range children {
		b = a.add(b, plan, all, s)
	}
	if a.step != nil {
		a.step(&level)
	}
	if level.HandlesFailure {
		b = b.OnFailure(level.Failure)
	}
	if level.Within > 0 {
		b = b.Within(level.Within)
	}
	return b
}

func (a alter) add(b builder.Builder[State], plan *builder.Plan[State], all []builder.Step, s builder.Step) builder.Builder[State] {
	f, inside := plan.Funcs(s.Index), s
	if a.step != nil {
		a.step(&s)
	}
	if a.do != nil && f.Do != nil {
		f.Do = a.do(&inside, f.Do)
	}
	if a.undo != nil && f.Undo != nil {
		f.Undo = a.undo(&inside, f.Undo)
	}
	if a.when != nil && f.When != nil {
		f.When = a.when(f.When)
	}
	if a.start != nil && f.Start != nil {
		f.Start = a.start(f.Start)
	}
	if a.start != nil && f.StartUndo != nil {
		f.StartUndo = a.start(f.StartUndo)
	}
	var sb builder.StepBuilder[State]
	switch s.Kind {
	case builder.KindProcess:
		sb = b.Process(s.Name, a.level(plan, all, inside))
	case builder.KindParallel:
		sb = b.Parallel(s.Name, a.level(plan, all, inside))
	case builder.KindAsync:
		sb = b.AsyncStep(s.Name, f.Start)
	default:
		sb = b.Step(s.Name, f.Do)
	}
	if !s.Retry.IsZero() {
		if a.retry != nil {
			s.Retry = a.retry(&s)
		}
		sb = sb.Retry(s.Retry)
	}
	if s.Timeout > 0 {
		sb = sb.Timeout(s.Timeout)
	}
	if f.When != nil {
		sb = sb.When(f.When)
	}
	if !s.HasCompensation {
		return sb.Builder
	}
	if s.AsyncCompensation {
		sb = sb.CompensateAsync(f.StartUndo)
	} else {
		sb = sb.Compensate(f.Undo)
	}
	if !s.CompensationRetry.IsZero() {
		if a.retry != nil {
			s.Retry = s.CompensationRetry
			s.CompensationRetry = a.retry(&s)
		}
		sb = sb.RetryCompensation(s.CompensationRetry)
	}
	if s.CompensationTimeout > 0 {
		sb = sb.CompensationTimeout(s.CompensationTimeout)
	}
	if s.CompensateOnFailure {
		sb = sb.CompensateOnFailure()
	}
	return sb.Builder
}

func retrying(other func(policy.Retry, int) policy.Retry) New {
	return altered(rightSync, alter{retry: func(s *builder.Step) policy.Retry { return other(s.Retry, s.Retry.Attempts()) }})
}

// strategic has another strategy wherever the plan says from.
func strategic(from, to policy.Failure) New {
	return altered(rightSync, alter{step: func(s *builder.Step) {
		if s.Failure == from {
			s.Failure, s.HandlesFailure = to, s.HandlesFailure || s.Index == 0
		}
	}})
}

func forgetful(_ *builder.Step, do step) step {
	return func(ctx context.Context, s *State) error {
		before := map[string][]string{}
		for lane := range s.Lanes {
			before[lane] = s.notes(lane)
		}
		err := do(ctx, s)
		for lane := range s.Lanes {
			if err != nil {
				s.Lanes[lane].Notes = before[lane]
			}
		}
		return err
	}
}

// abandoning does not wait for a step. It works on a copy, so that the race that
// this would be does not end the test.
func abandoning(s *builder.Step, do step) step {
	if s.Timeout == 0 {
		return do
	}
	return func(ctx context.Context, s *State) error {
		elsewhere := newState()
		for lane := range s.Lanes {
			elsewhere.Lanes[lane] = &Lane{s.notes(lane)}
		}
		result := make(chan error, 1)
		go func() { result <- do(ctx, &elsewhere) }()
		select {
		case err := <-result:
			for lane := range s.Lanes {
				if len(s.notes(lane)) < len(elsewhere.notes(lane)) {
					s.Lanes[lane].Notes = elsewhere.notes(lane)
				}
			}
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func strict(_ *builder.Step, do step) step {
	return func(ctx context.Context, s *State) error {
		return errors.Join(do(ctx, s), ctx.Err())
	}
}

func swallowing(_ *builder.Step, do step) step {
	return func(ctx context.Context, s *State) error {
		defer func() { _ = recover() }()
		return do(ctx, s)
	}
}

func lenient(when func(context.Context, *State) bool) func(context.Context, *State) bool {
	return func(ctx context.Context, s *State) (holds bool) {
		defer func() { _ = recover() }()
		return when(ctx, s)
	}
}

func surviving(_ *builder.Step, do step) step {
	return func(ctx context.Context, s *State) (err error) {
		done := make(chan struct{})
		go func() { defer close(done); err = do(ctx, s) }()
		<-done
		return err
	}
}

// attached gives a compensation the context that its cause is the end of.
func attached(_ *builder.Step, undo step) step {
	return func(ctx context.Context, s *State) error {
		info, _ := chain.StepFrom(ctx)
		if info.Cause == nil {
			return undo(ctx, s)
		}
		ctx, cancel := context.WithCancelCause(ctx)
		cancel(info.Cause)
		return undo(ctx, s)
	}
}

func stubborn(_ *builder.Step, do step) step {
	return func(ctx context.Context, s *State) error {
		err := do(ctx, s)
		if err != nil && ctx.Err() != nil {
			err = do(ctx, s)
		}
		return err
	}
}

func hiding(_ *builder.Step, undo step) step {
	return func(ctx context.Context, s *State) error { _ = swallowing(nil, undo)(ctx, s); return nil }
}

// resigned does nothing any more once a compensation has failed.
func resigned(_ *builder.Step, undo step) step {
	return func(ctx context.Context, s *State) error {
		if s.count("z", "resigned") > 0 {
			return errors.New("resigned")
		}
		err := undo(ctx, s)
		if err != nil {
			s.note("z", "resigned")
		}
		return err
	}
}

func heedless(start builder.AsyncFunc[State]) builder.AsyncFunc[State] {
	return func(ctx context.Context, s *State) <-chan error {
		start(ctx, s)
		done := make(chan error)
		close(done)
		return done
	}
}

func undisturbed(_ *builder.Step, do step) step {
	return func(ctx context.Context, s *State) error { return do(context.WithoutCancel(ctx), s) }
}

// deserting does not wait for a step whose context has ended.
func deserting(s *builder.Step, do step) step {
	return abandoning(&builder.Step{Timeout: 1}, do)
}

// mute has a step whose context has ended say nothing but that.
func mute(_ *builder.Step, do step) step {
	return func(ctx context.Context, s *State) error {
		if err := do(ctx, s); err == nil || ctx.Err() == nil {
			return err
		}
		return ctx.Err()
	}
}

// A mini is a runner made of two functions.
type mini struct {
	run    func(context.Context, State) (chain.Outcome[State], error)
	resume func(context.Context, *chain.ExecutionContext[State]) (chain.Outcome[State], error)
}

func (m mini) Run(ctx context.Context, data State) (chain.Outcome[State], error) {
	return m.run(ctx, data)
}

func (m mini) Resume(ctx context.Context, exec *chain.ExecutionContext[State]) (chain.Outcome[State], error) {
	return m.resume(ctx, exec)
}

func shared(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	right := runner.NewSync(plan, opts...)
	var once sync.Once
	var first State
	return mini{func(ctx context.Context, data State) (chain.Outcome[State], error) {
		once.Do(func() { first = data })
		return right.Run(ctx, first)
	}, right.Resume}
}

func deaf(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	right := runner.NewSync(plan, opts...)
	return mini{func(ctx context.Context, data State) (chain.Outcome[State], error) {
		return right.Run(context.WithoutCancel(ctx), data)
	}, right.Resume}
}

// patient has the caller wait for what its context has ended.
func patient(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	right := runner.NewSync(plan, opts...)
	return mini{func(ctx context.Context, data State) (chain.Outcome[State], error) {
		defer time.Sleep(time.Hour)
		return right.Run(ctx, data)
	}, right.Resume}
}

func letting(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	right := runner.NewSync(plan, opts...)
	return mini{func(ctx context.Context, data State) (chain.Outcome[State], error) {
		out, err := right.Run(ctx, data)
		if panicked, ok := errors.AsType[*chain.PanicError](err); ok {
			panic(panicked.Value)
		}
		return out, err
	}, right.Resume}
}

// thenUndoes adds a step that fails.
func thenUndoes(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	whole := steps().
		Process("all", builder.Embed(plan, func(s *State) *State { return s })).
		Step("undo", fails("undo", errBoom)).
		OnFailure(policy.Compensate).MustBuild()
	return runner.NewSync(whole, opts...)
}

// quiet forgets the failures of steps that did not begin.
func quiet(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	right := runner.NewSync(plan, opts...)
	return mini{func(ctx context.Context, data State) (chain.Outcome[State], error) {
		out, err := right.Run(ctx, data)
		out.Failures = slices.DeleteFunc(out.Failures, func(e *chain.StepError) bool { return e.Attempts == 0 })
		return out, err
	}, right.Resume}
}

func anew(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	right := runner.NewSync(plan, opts...)
	return mini{right.Run, func(ctx context.Context, exec *chain.ExecutionContext[State]) (chain.Outcome[State], error) {
		return right.Run(ctx, exec.Data)
	}}
}

func anewTogether(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	right := runner.NewAsync(plan, opts...)
	return mini{right.Run, func(ctx context.Context, exec *chain.ExecutionContext[State]) (chain.Outcome[State], error) {
		return right.Run(ctx, exec.Data)
	}}
}

func unresuming(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	right := runner.NewSync(plan, opts...)
	return mini{right.Run, func(_ context.Context, exec *chain.ExecutionContext[State]) (chain.Outcome[State], error) {
		return chain.Outcome[State]{Status: exec.Status(), Context: exec}, errors.ErrUnsupported
	}}
}

// echoing gives each observer twice.
func echoing(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State] {
	return runner.NewSync(plan, append(slices.Clone(opts), opts...)...)
}
