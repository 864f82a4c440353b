package builder_test

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/policy"
)

// A method is a call of a chain under test.
type method struct {
	name string
	call func(builder.StepBuilder[Data]) builder.StepBuilder[Data]
}

func sb(b builder.Builder[Data]) builder.StepBuilder[Data] {
	return builder.StepBuilder[Data]{Builder: b}
}

// methods is each method of Builder and StepBuilder, in two ways where the
// second could overwrite what the first said.
var methods = []method{
	{"Named", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return sb(s.Named("fork")) }},
	{"Named otherwise", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return sb(s.Named("other")) }},
	{"Step", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Step("b", note("b")) }},
	{"Step otherwise", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Step("b", note("B")) }},
	{"AsyncStep", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.AsyncStep("b", noteAsync("b")) }},
	{"Process", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] {
		return s.Process("p", begin().Step("c", note("c")))
	}},
	{"Parallel", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] {
		return s.Parallel("p", begin().Step("d", note("d")))
	}},
	{"OnFailure", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return sb(s.OnFailure(policy.Compensate)) }},
	{"Within", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return sb(s.Within(time.Second)) }},
	{"Retry", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Retry(policy.Fixed(2, 0)) }},
	{"Retry otherwise", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Retry(policy.Fixed(3, 0)) }},
	{"Timeout", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Timeout(time.Second) }},
	{"Compensate", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Compensate(note("undo")) }},
	{"Compensate otherwise", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Compensate(note("UNDO")) }},
	{"CompensateAsync", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] {
		return s.CompensateAsync(noteAsync("undo"))
	}},
	{"RetryCompensation", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] {
		return s.Compensate(note("undo")).RetryCompensation(policy.Fixed(2, 0))
	}},
	{"CompensationTimeout", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] {
		return s.Compensate(note("undo")).CompensationTimeout(time.Second)
	}},
	{"CompensateOnFailure", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] {
		return s.Compensate(note("undo")).CompensateOnFailure()
	}},
	{"When", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.When(noteWhen("when")) }},
	{"When otherwise", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.When(noteWhen("WHEN")) }},
	{"Describe", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Describe("text") }},
	{"a fault", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Timeout(-1) }},
	{"another fault", func(s builder.StepBuilder[Data]) builder.StepBuilder[Data] { return s.Step("", nil) }},
}

// outcome is all that Build makes of a chain: its faults, or everything there is
// to see of the plan and of what its functions do.
func outcome(t *testing.T, s builder.StepBuilder[Data]) string {
	t.Helper()
	plan, err := s.Build()
	if err != nil {
		var text strings.Builder
		for _, f := range faultsOf(t, err) {
			fmt.Fprintf(&text, "%s %s: %s\n", f.Plan, f.Path, f.Reason)
		}
		return text.String()
	}
	d := new(Data)
	for i := range plan.Root().Next {
		f := plan.Funcs(i)
		if f.When != nil {
			f.When(t.Context(), d)
		}
		if f.Do != nil {
			require.NoError(t, f.Do(t.Context(), d))
		}
		if f.Start != nil {
			require.NoError(t, <-f.Start(t.Context(), d))
		}
		if f.Undo != nil {
			require.NoError(t, f.Undo(t.Context(), d))
		}
		if f.StartUndo != nil {
			require.NoError(t, <-f.StartUndo(t.Context(), d))
		}
	}
	return fmt.Sprintf("%s %+v %+v %v", plan.Name(), plan.Root(), stepsOf(plan), d.Ran)
}

func TestForksShareNothing(t *testing.T) {
	prefix := func() builder.StepBuilder[Data] {
		return begin().Named("prefix").Step("first", note("first")).Step("a", note("a"))
	}
	seen := map[string]string{}
	for _, one := range methods {
		alone := outcome(t, one.call(prefix()))
		require.NotEqual(t, outcome(t, prefix()), alone, "%s says nothing", one.name)
		if other, ok := seen[alone]; ok {
			require.Fail(t, "two methods look the same", "%s and %s", one.name, other)
		}
		seen[alone] = one.name
		for _, two := range methods {
			t.Run(one.name+" and "+two.name, func(t *testing.T) {
				shared := prefix()
				before := one.call(shared)
				after := two.call(shared)
				again := one.call(shared)
				two.call(before)
				require.Equal(t, outcome(t, prefix()), outcome(t, shared), "the prefix is as it was")
				require.Equal(t, alone, outcome(t, before))
				require.Equal(t, alone, outcome(t, again))
				require.Equal(t, outcome(t, two.call(prefix())), outcome(t, after))
			})
		}
	}
}

func TestForkFromManyGoroutines(t *testing.T) {
	prefix := begin().Named("prefix").Step("a", pass).Step("b", pass)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			name := strconv.Itoa(i)
			want := []string{"a", "b"}
			s := prefix.Timeout(time.Duration(i + 1)).Describe(name)
			for range 20 {
				step := "s" + strconv.Itoa(len(want))
				s = s.Step(step, pass).Compensate(pass)
				want = append(want, step)
			}
			plan, err := s.Named(name).Build()
			if err != nil {
				t.Error(err)
				return
			}
			steps := stepsOf(plan)
			if plan.Name() != name || !slices.Equal(pathsOf(plan), want) ||
				steps[1].Timeout != time.Duration(i+1) || steps[1].Description != name || steps[1].HasCompensation {
				t.Errorf("fork %d got what another said", i)
			}
		})
	}
	wg.Wait()
	require.Equal(t, []string{"a", "b"}, pathsOf(prefix.MustBuild()))
	require.Zero(t, stepsOf(prefix.MustBuild())[1].Timeout)
}

// What a chain costs grows with its length and not with the square of it.
func TestCostIsLinear(t *testing.T) {
	names := make([]string, 10_000)
	for i := range names {
		names[i] = "step " + strconv.Itoa(i)
	}
	cost := func(n int) float64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b := begin()
		for _, name := range names[:n] {
			b = b.Step(name, pass).Compensate(pass).Retry(policy.Fixed(2, 0)).Builder
		}
		plan := b.MustBuild()
		runtime.ReadMemStats(&after)
		require.Equal(t, n+1, plan.Root().Next)
		return float64(after.TotalAlloc - before.TotalAlloc)
	}
	cost(10)
	require.Less(t, cost(10_000)/cost(1_000), 15.0, "bytes for ten times the steps")

	long, short := begin(), begin()
	for _, name := range names {
		long = long.Step(name, pass).Builder
	}
	say := func(b builder.Builder[Data]) func() {
		return func() { b.Step("last", pass).Compensate(pass).Timeout(time.Second).OnFailure(policy.Compensate) }
	}
	require.Equal(t, testing.AllocsPerRun(100, say(short)), testing.AllocsPerRun(100, say(long)), "a call costs the same on a long chain")
}

func TestNamedCountsLast(t *testing.T) {
	b := begin().Named("one").Step("a", pass)
	require.Equal(t, "one", b.MustBuild().Name())
	require.Equal(t, "two", b.Named("two").MustBuild().Name())
	require.Equal(t, "three", b.Named("two").Named("three").MustBuild().Name())
	require.Equal(t, "one", b.Process("p", begin().Named("other").Step("b", pass)).MustBuild().Name())
}
