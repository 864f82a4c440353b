package report

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// No two boxes overlap unless one is the frame of the other.
func TestBoxesDoNotOverlap(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		plan := randomFragment(rng, 4).MustBuild()
		steps := []builder.Step{plan.Root()}
		marks := map[string]builder.Mark{}
		for s := range plan.Steps() {
			steps = append(steps, s)
			if rng.IntN(2) == 0 {
				marks[s.Path] = builder.Mark{State: builder.Completed, Note: strings.Repeat("note ", rng.IntN(12))}
			}
		}
		d := draw(steps, marks)
		require.Len(t, d.Boxes, len(steps)-1)
		for i, b := range d.Boxes { // in the order of the plan
			s := steps[i+1]
			require.True(t, b.X >= 0 && b.Y >= 0 && b.X+b.W <= d.Width && b.Y+b.H <= d.Height, "seed %d: %s is outside", seed, s.Path)
			for j, other := range d.Boxes[:i] {
				o := steps[j+1]
				apart := b.X >= other.X+other.W || other.X >= b.X+b.W || b.Y >= other.Y+other.H || other.Y >= b.Y+b.H
				if s.Index > o.Index && s.Index < o.Next {
					inside := b.X > other.X && b.Y >= other.Y+headH && b.X+b.W < other.X+other.W && b.Y+b.H < other.Y+other.H
					require.True(t, inside, "seed %d: %s is not inside of %s", seed, s.Path, o.Path)
					continue
				}
				require.True(t, apart, "seed %d: %s and %s overlap", seed, s.Path, o.Path)
			}
		}
	}
}

func randomFragment(rng *rand.Rand, depth int) builder.Builder[int] {
	b := chain.New[int]()
	for i := range 1 + rng.IntN(4) {
		name := fmt.Sprint(i, strings.Repeat("名a", rng.IntN(12)))
		switch kind := rng.IntN(4); {
		case depth > 0 && kind == 0:
			b = b.Process(name, randomFragment(rng, depth-1)).Builder
		case depth > 0 && kind == 1:
			b = b.Parallel(name, randomFragment(rng, depth-1)).Builder
		default:
			b = b.Step(name, pass).Builder
		}
	}
	return b
}

var pass builder.StepFunc[int] = chain.Do(func(_ context.Context, _ *chain.ExecutionContext[int]) error { return nil })

func TestBarsAreToScale(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
	trace := chain.Trace{
		{Time: at(0), Kind: chain.KindPlanStarted},
		{Time: at(0), Kind: chain.KindStarted, Path: "a", Attempt: 1},
		{Time: at(20), Kind: chain.KindRetrying, Path: "a", Attempt: 1, Delay: 10 * time.Second, Error: "boom"},
		{Time: at(30), Kind: chain.KindStarted, Path: "a", Attempt: 2},
		{Time: at(40), Kind: chain.KindSucceeded, Path: "a", Attempt: 2},
		{Time: at(40), Kind: chain.KindFailed, Path: "b", Error: "cancelled"},
		{Time: at(60), Kind: chain.KindCompensating, Path: "a", Phase: chain.Compensation, Attempt: 1},
		{Time: at(100), Kind: chain.KindCompensated, Path: "a", Phase: chain.Compensation, Attempt: 1},
		{Time: at(100), Kind: chain.KindPlanEnded, Message: "compensated"},
	}
	lines := timelines(trace, nil)
	require.Len(t, lines, 1)
	require.Len(t, lines[0].Rows, 2)
	var got []string
	for _, r := range lines[0].Rows {
		for _, b := range r.Bars {
			got = append(got, fmt.Sprintf("%s %g+%g %s: %s", r.Path, b.Left, b.Width, b.Class, b.Title))
		}
	}
	require.Equal(t, []string{
		"a 0+20 attempt failed: attempt 1, failed after 20s: boom",
		"a 20+10 wait: waits 10s for attempt 2, waited 10s",
		"a 30+10 attempt ok: attempt 2, took 10s",
		"a 60+40 undo ok: compensation, attempt 1, took 40s",
		"b 40+0 attempt failed: did not begin, failed after 0s: cancelled",
	}, got)
}

func TestTicksAreRoundAndFew(t *testing.T) {
	for span, want := range map[time.Duration]string{
		0:                       "",
		7:                       "0s 2ns 4ns 6ns",
		1760 * time.Millisecond: "0s 500ms 1s 1.5s",
		90 * time.Second:        "0s 20s 40s 1m 1m20s",
		100 * time.Minute:       "0s 20m 40m 1h 1h20m 1h40m",
		200 * time.Hour:         "0s 48h 96h 144h 192h",
	} {
		var texts []string
		for _, tick := range ticks(span) {
			require.True(t, tick.At >= 0 && tick.At <= 100)
			texts = append(texts, tick.Text)
		}
		require.Equal(t, want, strings.Join(texts, " "))
	}
	for span := time.Duration(1); span < 1000*time.Hour; span = span*11/10 + 1 {
		n := len(ticks(span))
		require.True(t, n >= 1 && n <= 7, "%s has %d ticks", span, n)
	}
}

func TestChangedLinesAreMarked(t *testing.T) {
	for _, test := range []struct{ before, after, want string }{
		{"a b c", "a b c", "  a b c / a b c"},
		{"a b c", "a x c", "  a -b c / a +x c"},
		{"a b,", "a b", "  a b, / a b"},
		{"", "a", "   / +a"},
		{"a b c d", "c d a b", "  -a -b c d / c d +a +b"},
	} {
		a, b := split(test.before), split(test.after)
		markChanges(a, b)
		require.Equal(t, test.want, "  "+join(a, "-")+" / "+join(b, "+"))
	}
	long := split(strings.Repeat("x ", mostCompared+1) + "y")
	other := split("z " + strings.Repeat("x ", mostCompared+1))
	markChanges(long, other) // too long to be compared
	require.NotContains(t, join(other, "+"), "+")
}

func split(text string) []line { return linesOf(strings.Join(strings.Fields(text), "\n")) }

func join(lines []line, sign string) string {
	var words []string
	for _, l := range lines {
		if l.Changed {
			l.Text = sign + l.Text
		}
		words = append(words, l.Text)
	}
	return strings.Join(words, " ")
}
