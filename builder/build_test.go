package builder_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

var invalid = policy.Fixed(0, -time.Second).Jitter(2)

// faulty are chains with faults. A comment on the very line says what Build
// reports of it: FAULT, the path (none for the plan itself), the reason.
var faulty = []struct {
	name  string
	build func() error
}{
	{"zero Builder", func() error {
		var b builder.Builder[Data]
		_, err := b.Build() // FAULT : no steps
		return err
	}},
	{"zero StepBuilder", func() error {
		var s builder.StepBuilder[Data]
		_, err := s.Build() // FAULT : no steps
		return err
	}},
	{"zero StepBuilder decorated", func() error {
		var s builder.StepBuilder[Data]
		_, err := s.
			Timeout(time.Second). // FAULT : Timeout without a step
			Timeout(-1).          // FAULT : Timeout without a step
			Describe("nothing").  // FAULT : Describe without a step
			Step("a", pass).Timeout(time.Second).
			Build()
		return err
	}},
	{"empty plan with settings", func() error {
		_, err := begin().Named("p").
			OnFailure(policy.Compensate).
			Within(time.Second).
			Build() // FAULT : no steps
		return err
	}},
	{"plan names", func() error {
		_, err := begin().
			Named("").     // FAULT : the plan's name is empty
			Named("a/b").  // FAULT : the plan's name contains "/"
			Named("\xff"). // FAULT : the plan's name is not valid UTF-8
			Named("p").
			Step("a", pass).
			Build()
		return err
	}},
	{"settings", func() error {
		_, err := begin().Named("p").
			OnFailure(7). // FAULT : unknown failure strategy failure(7)
			Within(0).    // FAULT : Within must be positive, got 0s
			Step("a", pass).
			OnFailure(policy.Abort). // FAULT : OnFailure said twice
			Within(-time.Second).    // FAULT : Within said twice; : Within must be positive, got -1s
			Within(time.Second).     // FAULT : Within said twice
			Build()
		return err
	}},
	{"step names", func() error {
		_, err := begin().Named("p").
			Step("", pass).          // FAULT : the step's name is empty
			AsyncStep("a/b", start). // FAULT a/b: the step's name contains "/"
			Step("/", pass).         // FAULT /: the step's name contains "/"
			Step("caf\xe9", pass).   // FAULT caf\xe9: the step's name is not valid UTF-8
			Process("", begin().     // FAULT : the step's name is empty
							Step("", pass). // FAULT /: the step's name is empty
							Process("in", begin().Step("a", pass))).
			Process("in", begin().
				Step("", pass). // FAULT in/: the step's name is empty
				Step("a", pass)).
			Build()
		return err
	}},
	{"unnamed steps with other faults", func() error {
		_, err := begin().Named("p").
			Step("", nil). // FAULT : the step's name is empty; : unnamed step: nil func
			Timeout(0).    // FAULT : unnamed step: Timeout must be positive, got 0s
			Process("",    // FAULT : the step's name is empty; : unnamed step: no steps
				begin().Within(0)). // FAULT : unnamed step: Within must be positive, got 0s
			Build()
		return err
	}},
	{"namesakes", func() error {
		_, err := begin().Named("p").
			Step("a", pass).
			AsyncStep("a", start). // FAULT a: the same name twice among siblings
			Step("b", pass).
			Process("b", begin().  // FAULT b: the same name twice among siblings
						Step("a", pass).
						Step("a", nil)). // FAULT b/a: the same name twice among siblings; b/a: nil func
			Parallel("a", begin(). // FAULT a: the same name twice among siblings
						Step("b", pass)).
			Build()
		return err
	}},
	{"nil funcs", func() error {
		_, err := begin().Named("checkout").
			Step("a", nil).                 // FAULT a: nil func
			AsyncStep("b", nil).            // FAULT b: nil func
			Step("c", chain.Do[Data](nil)). // FAULT c: nil func
			Compensate(nil).                // FAULT c: nil func for Compensate
			When(nil).                      // FAULT c: nil func for When
			Step("d", pass).
			CompensateAsync(nil). // FAULT d: nil func for CompensateAsync
			Build()
		return err
	}},
	{"fragments", func() error {
		var b *builder.Builder[Data]
		var s *builder.StepBuilder[Data]
		_, err := begin().Named("p").
			Process("a", nil).                          // FAULT a: nil fragment
			Parallel("b", nil).                         // FAULT b: nil fragment
			Process("c", b).                            // FAULT c: nil fragment
			Process("d", s).                            // FAULT d: nil fragment
			Process("e", begin()).                      // FAULT e: no steps
			Parallel("f", builder.StepBuilder[Data]{}). // FAULT f: no steps
			Process("g", begin().
				Process("h", begin())). // FAULT g/h: no steps
			Build()
		return err
	}},
	{"embedded plans", func() error {
		at := func(d *Data) *Other { return d.Other }
		plan := chain.New[Other]().Step("a", passOther).MustBuild()
		_, err := begin().Named("p").
			Process("a", builder.Embed[Data, Other](nil, at)).         // FAULT a: nil plan to embed
			Process("b", builder.Embed[Data](plan, nil)).              // FAULT b: nil func to embed a plan at
			Parallel("c", builder.Embed[Data, Other](nil, nil)).       // FAULT c: nil plan to embed; c: nil func to embed a plan at
			Process("d", builder.Embed(new(builder.Plan[Other]), at)). // FAULT d: a plan to embed that Build did not make
			Build()
		return err
	}},
	{"retries", func() error {
		_, err := begin().Named("p").
			Step("a", pass).
			Retry(policy.Fixed(0, 0)). // FAULT a: Retry: attempts must be at least 1, got 0
			Compensate(pass).
			RetryCompensation(invalid). // FAULT a: RetryCompensation: attempts must be at least 1, got 0; a: RetryCompensation: delay must not be negative, got -1s; a: RetryCompensation: jitter must be between 0 and 1, got 2
			Build()
		return err
	}},
	{"timeouts", func() error {
		_, err := begin().Named("p").
			Step("a", pass).
			Timeout(0). // FAULT a: Timeout must be positive, got 0s
			Compensate(pass).
			CompensationTimeout(-time.Minute). // FAULT a: CompensationTimeout must be positive, got -1m0s
			Build()
		return err
	}},
	{"said twice", func() error {
		_, err := begin().Named("p").
			Step("a", pass).
			Retry(policy.Fixed(2, 0)).
			Timeout(time.Second).
			Retry(policy.Retry{}). // FAULT a: Retry said twice
			Compensate(pass).
			RetryCompensation(policy.Fixed(2, 0)).
			CompensationTimeout(time.Second).
			CompensateOnFailure().
			When(always).
			Describe("once").
			Describe("").                                            // FAULT a: Describe said twice
			When(nil).                                               // FAULT a: When said twice; a: nil func for When
			CompensateOnFailure().                                   // FAULT a: CompensateOnFailure said twice
			CompensationTimeout(time.Second).                        // FAULT a: CompensationTimeout said twice
			RetryCompensation(policy.Fixed(2, 0)).                   // FAULT a: RetryCompensation said twice
			CompensateAsync(start).                                  // FAULT a: Compensate said twice
			Compensate(pass).                                        // FAULT a: Compensate said twice
			Timeout(time.Minute).                                    // FAULT a: Timeout said twice
			Step("b", pass).CompensateAsync(start).Compensate(pass). // FAULT b: Compensate said twice
			Timeout(time.Second).
			Step("c", pass).Timeout(time.Second).
			Build()
		return err
	}},
	{"without a compensation", func() error {
		_, err := begin().Named("p").
			Step("a", pass).Compensate(pass).
			Step("b", pass).
			RetryCompensation(policy.Fixed(2, 0)). // FAULT b: RetryCompensation without Compensate
			CompensationTimeout(time.Second).      // FAULT b: CompensationTimeout without Compensate
			CompensateOnFailure().                 // FAULT b: CompensateOnFailure without Compensate
			Step("c", pass).Compensate(pass).
			Build()
		return err
	}},
	{"what does not fit", func() error {
		_, err := begin().Named("p").
			Process("a", begin().Step("a", pass)).
			Retry(policy.Fixed(2, 0)). // FAULT a: Retry does not fit a process
			Timeout(time.Second).      // FAULT a: Timeout does not fit a process
			Parallel("b", begin().Step("a", pass)).
			Timeout(time.Second).      // FAULT b: Timeout does not fit a parallel
			Retry(policy.Fixed(2, 0)). // FAULT b: Retry does not fit a parallel
			Build()
		return err
	}},
	{"descriptions", func() error {
		_, err := begin().Named("p").
			Step("a", pass).Describe("\xff"). // FAULT a: the description is not valid UTF-8
			Build()
		return err
	}},
	{"fragment settings", func() error {
		_, err := begin().Named("p").
			Process("a", begin().
				Named("").     // FAULT a: the plan's name is empty
				OnFailure(99). // FAULT a: unknown failure strategy failure(99)
				Step("b", pass).
				Within(-1)). // FAULT a: Within must be positive, got -1ns
			Build()
		return err
	}},
	{"a loop", func() error {
		b := begin().Named("p")
		for _, name := range []string{"a", "b", "a"} {
			b = b.
				Step(name, pass). // FAULT a: the same name twice among siblings
				Builder
		}
		_, err := b.Build()
		return err
	}},
	{"through an interface, a method value and a method expression", func() error {
		var i interface {
			Step(string, builder.StepFunc[Data]) builder.StepBuilder[Data]
		} = begin().Step("a", pass)
		s := i.Step("b", nil) // FAULT b: nil func
		timeout := s.Timeout
		s = timeout(0)                         // FAULT b: Timeout must be positive, got 0s
		s = builder.StepBuilder[Data].Retry(s, // FAULT b: Retry: attempts must be at least 1, got -1
			policy.Fixed(-1, 0))
		_, err := s.Build()
		return err
	}},
	{"MustBuild", func() (err error) {
		defer func() { err = recover().(error) }()
		begin().Named("p").
			MustBuild() // FAULT : no steps
		return nil
	}},
	{"everything at once, in the order of the source", func() error {
		_, err := begin().
			Within(0).      // FAULT : Within must be positive, got 0s
			Step("a", nil). // FAULT a: nil func
			Timeout(0).     // FAULT a: Timeout must be positive, got 0s
			Named("x/y").   // FAULT : the plan's name contains "/"
			Process("b", begin().
						OnFailure(9).   // FAULT b: unknown failure strategy failure(9)
						Step("", pass). // FAULT b/: the step's name is empty
						When(nil)).     // FAULT b/: nil func for When
			Compensate(nil). // FAULT b: nil func for Compensate
			OnFailure(9).    // FAULT : unknown failure strategy failure(9)
			Step("a", pass). // FAULT a: the same name twice among siblings
			Named("last").
			Build()
		return err
	}},
}

var marker = regexp.MustCompile(`// FAULT ([^(].*)$`)

// wanted are the faults that the comments of this file announce, in order.
func wanted(t *testing.T) (lines []int, texts []string) {
	source, err := os.ReadFile("build_test.go")
	require.NoError(t, err)
	for i, line := range strings.Split(string(source), "\n") {
		if m := marker.FindStringSubmatch(strings.TrimRight(line, "\r")); m != nil {
			for _, text := range strings.Split(m[1], "; ") {
				lines, texts = append(lines, i+1), append(texts, text)
			}
		}
	}
	return lines, texts
}

// faultsOf takes the joined error of Build apart.
func faultsOf(t *testing.T, err error) []*builder.InvalidError {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok, "not joined: %v", err)
	var faults []*builder.InvalidError
	for _, err := range joined.Unwrap() {
		fault, ok := err.(*builder.InvalidError)
		require.True(t, ok, "not an InvalidError: %v", err)
		faults = append(faults, fault)
	}
	return faults
}

func TestBuildReportsEveryFaultWithItsPlace(t *testing.T) {
	lines, texts := wanted(t)
	for _, test := range faulty {
		t.Run(test.name, func(t *testing.T) {
			err := test.build()
			require.Error(t, err)
			var first *builder.InvalidError
			require.ErrorAs(t, err, &first)
			faults := faultsOf(t, err)
			require.Same(t, faults[0], first)

			require.LessOrEqual(t, len(faults), len(lines), "more faults than announced")
			var gotLines []int
			var got []string
			for _, f := range faults {
				require.Equal(t, "build_test.go", filepath.Base(f.File))
				gotLines = append(gotLines, f.Line)
				got = append(got, strings.ReplaceAll(f.Path, "\xe9", `\xe9`)+": "+f.Reason)
			}
			require.Equal(t, texts[:len(faults)], got)
			require.Equal(t, lines[:len(faults)], gotLines)
			lines, texts = lines[len(faults):], texts[len(faults):]
		})
	}
	require.Empty(t, texts, "announced and not reported")
}

func TestBuildGivesNoPlanWithFaults(t *testing.T) {
	plan, err := begin().Build()
	require.Error(t, err)
	require.Nil(t, plan)
}

func TestFaultsNameThePlanAsItIsNamedLast(t *testing.T) {
	_, err := begin().Step("a", nil).Named("first").
		Process("p", begin().Named("not this").Step("b", nil)).Named("last").Build()
	for _, f := range faultsOf(t, err) {
		require.Equal(t, "last", f.Plan)
	}
	_, err = begin().Named("good").Named("").Step("a", pass).Build()
	require.Equal(t, "good", faultsOf(t, err)[0].Plan)
}

func TestMustBuild(t *testing.T) {
	plan := begin().Named("p").Step("a", pass).MustBuild()
	require.Equal(t, "p", plan.Name())

	_, want := begin().Named("p").Step("a", nil).Step("a", nil).Build()
	defer func() {
		got, ok := recover().(error)
		require.True(t, ok)
		require.Len(t, faultsOf(t, got), len(faultsOf(t, want)))
	}()
	begin().Named("p").Step("a", nil).Step("a", nil).MustBuild()
}

func TestBuildTwice(t *testing.T) {
	b := begin().Step("a", pass).Process("b", begin().Step("c", pass))
	one, two := b.MustBuild(), b.MustBuild()
	require.NotSame(t, one, two)
	require.Equal(t, stepsOf(one), stepsOf(two))
}
