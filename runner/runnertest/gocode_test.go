package runnertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a failing plan is printed as must compile as it stands, and do the same.
func TestThePrintedPlanIsAProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	everything := &spec{level{compensates, []node{
		{Name: "a", work: work{[]act{boom}, retry{3, []act{boom, bust, panics}, nil}}},
		{Name: "b", When: fresh, Async: true, Undo: &work{[]act{boom}, retry{Attempts: 2}}, CompensateOnFailure: true},
		{Name: "p", Shape: process, When: yes, Inside: level{continues, []node{
			{Name: "a", work: work{Acts: []act{panics}}},
			{Name: "q", Shape: parallel, Inside: level{aborts, []node{
				{Name: "x", work: work{Acts: []act{exits}}, When: no},
				{Name: "y", work: work{Acts: []act{forGood}}, When: panicsWhen},
			}}},
		}}, Undo: &work{}},
		{Name: "z", work: work{Acts: []act{cancelled, cancels}}},
	}}, 5, 1}
	require.Contains(t, everything.goCode(), `RetryOn(policy.Is(errBoom), policy.Is(errBust), policy.As[*chain.PanicError]())`)

	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte(everything.goCode()), 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "run", file).CombinedOutput()
	require.NoError(t, err, "%s", out)

	m := &model{memory: memory{notes: map[string][]string{}}, plan: &everything.level, caller: &scope{}}
	m.run()
	require.True(t, strings.HasPrefix(string(out), m.status.String()), "%s", out)
	require.Contains(t, string(out), `compensated: ["p" "b"]`)
	require.Equal(t, []string{"p", "b"}, m.undone)
	require.Contains(t, string(out), "from the snapshot:")
}

func TestShrinkLeavesWhatMatters(t *testing.T) {
	panicsInProcess := func(s *spec) bool {
		found := false
		s.walk(func(n *node, path, _ string) {
			found = found || strings.Contains(path, "/") && slices.Contains(n.Acts, panics) && n.Retry.Attempts > 1
		})
		return found
	}
	shrunk := 0
	for seed := range uint64(300) {
		s := generate(seed, Resumes|AsyncSteps)
		if !panicsInProcess(s) {
			continue
		}
		before := s.goCode()
		small := shrink(s, panicsInProcess)
		require.Equal(t, before, s.goCode(), "the spec itself stays as it was")
		require.True(t, panicsInProcess(small))
		require.Equal(t, 2, small.nodes(), "%s", small.goCode())
		require.Zero(t, small.Resumes+small.Snapshot)
		shrunk++
	}
	require.Positive(t, shrunk)
}

func TestASeedIsAlwaysTheSamePlan(t *testing.T) {
	for seed := range uint64(20) {
		require.Equal(t, generate(seed, Resumes).goCode(), generate(seed, Resumes).goCode())
	}
	require.NotEqual(t, generate(1, Resumes).goCode(), generate(2, Resumes).goCode())
}
