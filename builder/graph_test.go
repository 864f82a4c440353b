package builder_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
)

// edgesOf is the arrows of a DOT source, between the names of the steps.
func edgesOf(t *testing.T, p *builder.Plan[Data]) []string {
	t.Helper()
	names := map[string]string{}
	for s := range p.Steps() {
		names[fmt.Sprintf("s%d", s.Index)] = s.Name
	}
	arrows := func(source, arrow string) []string {
		var edges []string
		for _, m := range regexp.MustCompile(`(?m)^ +(\w+) `+arrow+` (\w+)$`).FindAllStringSubmatch(source, -1) {
			for i, id := range m {
				if name, ok := names[id]; ok {
					m[i] = name
				}
			}
			edges = append(edges, m[1]+" "+m[2])
		}
		return edges
	}
	edges := arrows(p.DOT(), "->")
	require.Equal(t, edges, arrows(p.Mermaid(), "-->"), "both graphs have the same arrows")
	return edges
}

func TestArrows(t *testing.T) {
	ab := begin().Step("a", pass).Step("b", pass)
	cd := begin().Step("c", pass).Step("d", pass)
	for _, test := range []struct {
		name string
		b    builder.StepBuilder[Data]
		want []string
	}{
		{"one step", begin().Step("a", pass), nil},
		{"sequence", ab.Step("c", pass), []string{"a b", "b c"}},
		{"process", begin().Step("0", pass).Process("p", ab).Step("1", pass), []string{"0 a", "a b", "b 1"}},
		{"process after process", begin().Process("p", ab).Process("q", cd), []string{"a b", "b c", "c d"}},
		{"only a parallel", begin().Parallel("p", ab), nil},
		{"parallel", begin().Step("0", pass).Parallel("p", ab).Step("1", pass), []string{"0 a", "0 b", "a 1", "b 1"}},
		{"parallel of processes", begin().Parallel("p", begin().Process("q", ab).Process("r", cd)).Step("1", pass), []string{"a b", "c d", "b 1", "d 1"}},
		{"parallel after parallel", begin().Parallel("p", ab).Parallel("q", cd), []string{"a j4", "b j4", "j4 c", "j4 d"}},
		{"parallel in parallel", begin().Step("0", pass).Parallel("p", begin().Parallel("q", ab).Step("c", pass)), []string{"0 a", "0 b", "0 c"}},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, edgesOf(t, test.b.MustBuild())) })
	}
}

// Each branch with each of the next would be a million arrows.
func TestArrowsAreFew(t *testing.T) {
	branches := begin()
	for i := range 1_000 {
		branches = branches.Step(fmt.Sprint(i), pass).Builder
	}
	require.Len(t, edgesOf(t, begin().Parallel("a", branches).Parallel("b", branches).MustBuild()), 2_000)
}
