package main

import (
	"errors"
	"flag"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/internal/handwritten"
)

func TestMedian(t *testing.T) {
	require.Equal(t, 2.0, median([]float64{3, 1, 2}))
	require.Equal(t, 2.5, median([]float64{4, 1, 2, 3}))
	require.True(t, math.IsNaN(median(nil)))
}

// rowOf is a row of so many nanoseconds and allocations, one pair a round.
func rowOf(name string, pairs ...[2]float64) row {
	r := row{contender: contender{name: name}}
	for _, p := range pairs {
		r.samples = append(r.samples, sample{ns: p[0], allocs: p[1]})
	}
	return r
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	steady := rowOf("steady", [2]float64{100, 1}, [2]float64{200, 1}, [2]float64{900, 1})
	double := rowOf("double", [2]float64{200, 1}, [2]float64{400, 1}, [2]float64{100, 1})
	require.Equal(t, 2.0, double.ratio(steady))
	require.Equal(t, 100.0, double.extra(steady))
}

func TestTargets(t *testing.T) {
	small := result{work: work{name: "small"}, rows: []row{rowOf("first", [2]float64{100, 3}), rowOf("ours", [2]float64{45, 4})}}
	large := result{work: work{name: "large"}, rows: []row{rowOf("first", [2]float64{1000, 3}), rowOf("ours", [2]float64{900, 9})}}
	all := report{results: []result{small, large}}
	for _, c := range []struct {
		target target
		of     result
		want   string
	}{
		{ratioAtMost(0.45), small, "≤ 0.45 ×: met (0.45 ×)"},
		{ratioAtMost(0.45), large, "≤ 0.45 ×: **missed** (0.90 ×)"},
		{ratioBelow("first", 0.9), large, "< 0.90 × first: **missed** (0.90 ×)"},
		{ratioBelow("first", 1), large, "< 1.00 × first: met (0.90 ×)"},
		{extraAtMost("first", -6, 10, "a step"), small, "≤ -6 ns more a step than first: **missed** (-5.5)"},
		{extraAtMost("first", -5, 10, "a step"), small, "≤ -5 ns more a step than first: met (-5.5)"},
		{throughputAtLeast("first", 1.8), small, "≥ 1.8 × the throughput of one: met (2.22 ×)"},
		{throughputAtLeast("first", 1.8), large, "≥ 1.8 × the throughput of one: **missed** (1.11 ×)"},
		{allocsAtMost(4), small, "≤ 4 allocs: met (4)"},
		{allocsAtMost(4), large, "≤ 4 allocs: **missed** (9)"},
		{allocsAsIn("small", "ours", 5), large, "≤ 5 allocs more than in small: met (5)"},
		{allocsAsIn("small", "ours", 4), large, "≤ 4 allocs more than in small: **missed** (5)"},
		{allocsAsIn("left out", "ours", 4), large, "≤ 4 allocs more than in left out: not compared"},
	} {
		require.Equal(t, c.want, c.target(all, c.of, c.of.row("ours")).String())
	}
}

func TestKeptTarget(t *testing.T) {
	require.True(t, kept{steps: 10, ours: 479}.verdict().met)
	require.False(t, kept{steps: 10, ours: 480}.verdict().met)
}

func TestNumbers(t *testing.T) {
	require.Equal(t, []string{"0", "9.9", "10", "999", "1,000", "12,345,678", "-1,000"}, []string{
		thousands(0), thousands(9.94), thousands(9.96), thousands(999.4), thousands(999.5), thousands(12345678), thousands(-1000),
	})
}

// quick makes benchmarks of one run.
func quick(t *testing.T) {
	t.Helper()
	before := flag.Lookup("test.benchtime").Value.String()
	require.NoError(t, flag.Set("test.benchtime", "1x"))
	t.Cleanup(func() { require.NoError(t, flag.Set("test.benchtime", before)) })
}

func TestContendersTakeTurns(t *testing.T) {
	quick(t)
	var order strings.Builder
	does := func(name string) contender {
		return contender{name: name, run: func() (handwritten.Tally, error) {
			order.WriteString(name)
			return handwritten.Tally{}, nil
		}}
	}
	r, err := measure(work{name: "letters", contenders: []contender{does("a"), does("b"), does("c")}}, 3)
	require.NoError(t, err)
	require.Equal(t, "abcabcabc", strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(order.String(), "aa", "a"), "bb", "b"), "cc", "c"))
	for _, row := range r.rows {
		require.Len(t, row.samples, 3)
	}
}

func TestAContenderWithTheWrongErrorIsNotMeasured(t *testing.T) {
	quick(t)
	breaks := contender{name: "broken", run: func() (handwritten.Tally, error) { return handwritten.Tally{}, errors.New("out of order") }}
	_, err := measure(work{name: "w", contenders: []contender{breaks}}, 1)
	require.EqualError(t, err, "w: broken: its error is out of order")

	breaks.run = func() (handwritten.Tally, error) { return handwritten.Tally{}, nil }
	_, err = measure(work{name: "w", fails: true, contenders: []contender{breaks}}, 1)
	require.EqualError(t, err, "w: broken: its error is <nil>")
}

func TestTheCommandPrintsATableOfEachWork(t *testing.T) {
	quick(t)
	var out strings.Builder
	require.NoError(t, run(&out, io.Discard, []string{"-rounds", "1", "-benchtime", "1x", "-executions", "2"}))
	for w := range works {
		require.Contains(t, out.String(), "### "+w.name+"\n")
		for _, c := range w.contenders {
			require.Contains(t, out.String(), "| "+c.name+" |")
		}
	}
	require.Contains(t, out.String(), "### "+keptName)
	require.Regexp(t, `\nTargets met: \d+ of 19\.`, out.String())
}

func TestTheCommandRefusesBadFlags(t *testing.T) {
	quick(t)
	for _, args := range [][]string{{"-rounds", "0"}, {"-benchtime", "soon"}, {"-work", "("}, {"-no-such-flag"}} {
		require.Error(t, run(io.Discard, io.Discard, args), "%v", args)
	}
}
