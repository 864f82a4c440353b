package builder_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/policy"
)

var decorations = []method{
	{"Retry", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Retry(policy.Fixed(2, 0)) }},
	{"Timeout", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Timeout(time.Second) }},
	{"Compensate", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Compensate(note("undo")) }},
	{"RetryCompensation", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] {
		return s.RetryCompensation(policy.Linear(3, time.Second))
	}},
	{"CompensationTimeout", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.CompensationTimeout(time.Hour) }},
	{"CompensateOnFailure", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.CompensateOnFailure() }},
	{"When", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.When(noteWhen("when")) }},
	{"Describe", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Describe("text") }},
}

func decorated(s builder.StepBuilder[Data], with []method) builder.StepBuilder[Data] {
	for _, d := range with {
		s = d.call(s)
	}
	return s
}

// The rotations of a list and of its reverse have each two of it in both orders.
func TestOrderOfDecorationsDoesNotMatter(t *testing.T) {
	say := func(with []method) builder.StepBuilder[Data] {
		return decorated(begin().Step("before", pass).Step("a", note("a")), with).Step("after", pass)
	}
	want := outcome(t, say(decorations))
	with := slices.Clone(decorations)
	for range 2 {
		for range with {
			with = append(with[1:], with[0])
			require.Equal(t, want, outcome(t, say(with)))
		}
		slices.Reverse(with)
	}
}

func TestOrderOfSettingsDoesNotMatter(t *testing.T) {
	want := outcome(t, sb(begin().Named("p").OnFailure(policy.Compensate).Within(time.Second).Step("a", pass).Timeout(1).Step("b", pass).Builder))
	require.Equal(t, want, outcome(t, sb(begin().Step("a", pass).Timeout(1).Within(time.Second).Step("b", pass).OnFailure(policy.Compensate).Named("p"))))
}

// However much is said in between, and whichever was said first.
func TestDecorationsSaidTwice(t *testing.T) {
	async := method{"Compensate", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.CompensateAsync(start) }}
	for _, twice := range append(slices.Clone(decorations), async) {
		for _, between := range decorations {
			if between.name == twice.name {
				continue
			}
			t.Run(twice.name+", "+between.name, func(t *testing.T) {
				with := []method{twice, between, twice}
				if twice.name != "Compensate" && between.name != "Compensate" {
					with = append(with, decorations[2])
				}
				_, err := decorated(begin().Step("a", pass), with).Step("b", pass).Build()
				faults := faultsOf(t, err)
				require.Len(t, faults, 1)
				require.Equal(t, twice.name+" said twice", faults[0].Reason)
				require.Equal(t, "a", faults[0].Path)
			})
		}
	}
}

// What fits a Process or Parallel, and what does not.
func TestDecorationsOfComposites(t *testing.T) {
	inside := begin().Step("in", pass)
	for _, s := range []builder.StepBuilder[Data]{begin().Process("c", inside), begin().Parallel("c", inside)} {
		for _, d := range decorations {
			kind := "process"
			with := []method{d}
			if d.name == "RetryCompensation" || d.name == "CompensationTimeout" || d.name == "CompensateOnFailure" {
				with = append(with, decorations[2])
			}
			plan, err := decorated(s, with).Build()
			if d.name != "Retry" && d.name != "Timeout" {
				require.NoError(t, err, d.name)
				require.Equal(t, "c", stepsOf(plan)[0].Path)
				continue
			}
			if _, err := s.Build(); err == nil && stepsOf(s.MustBuild())[0].Kind == builder.KindParallel {
				kind = "parallel"
			}
			require.Equal(t, d.name+" does not fit a "+kind, faultsOf(t, err)[0].Reason)
		}
	}
}

func TestDecorationsStayWithTheirStep(t *testing.T) {
	plan := begin().
		Step("a", pass).Timeout(1).
		Process("p", begin().Step("b", pass).Timeout(2)).Describe("of p").
		Step("c", pass).
		MustBuild()
	steps := stepsOf(plan)
	require.Equal(t, time.Duration(1), steps[0].Timeout)
	require.Equal(t, "of p", steps[1].Description)
	require.Equal(t, time.Duration(2), steps[2].Timeout)
	require.Empty(t, steps[2].Description)
	require.Equal(t, builder.Step{Path: "c", Name: "c", Kind: builder.KindStep, Index: 4, Next: 5, Depth: 1}, steps[3])
}

// A Builder that some other step made a StepBuilder again decorates its latest
// step.
func TestStepBuilderOfABuilder(t *testing.T) {
	b := begin().Step("a", pass).Within(time.Second)
	plan := builder.StepBuilder[Data]{Builder: b}.Timeout(time.Minute).MustBuild()
	require.Equal(t, time.Minute, stepsOf(plan)[0].Timeout)
}
