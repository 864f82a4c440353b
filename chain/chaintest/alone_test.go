package chaintest_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
)

func TestEachCaseRunsAlone(t *testing.T) {
	for _, name := range casesOf(t, rightPlan, chaintest.Pairs()) {
		t.Setenv("CHAINTEST_CASE", name)
		checked := 0
		r := &recorder{TB: t}
		chaintest.ExploreWorld(r, rightPlan, newWorld, func(chain.Outcome[order], *books) error {
			checked++
			return nil
		})
		require.Empty(t, r.errors, name)
		require.Equal(t, 1, checked, name)
	}
}

func TestACaseAloneShowsItsTrace(t *testing.T) {
	forgetful := func(b *books) *builder.Plan[order] {
		return reservation(b).Step("charge", b.take("money")).MustBuild()
	}
	t.Setenv("CHAINTEST_CASE", "charge/lost + undo reserve/crash")
	r := explored(t, forgetful)
	require.Equal(t, []string{`chaintest: charge: effect happened, reply lost; undo reserve: process died before its effect, resumed; then compensated, but: money holds 30`}, r.errors)
	require.Len(t, r.logs, 1)
	require.Equal(t, `chaintest: one case alone: charge: effect happened, reply lost; undo reserve: process died before its effect, resumed; then compensated
      +0s  plan     ▶ started
      +0s  reserve  ▷ started
      +0s  reserve  ✓ succeeded
      +0s  charge   ▷ started
      +0s  charge   ✗ failed: injected failure
      +0s  reserve  ◁ compensating
      +0s  plan     ▶ started
      +0s  reserve  ◁ compensating
      +0s  reserve  ↩ compensated
      +0s  plan     ■ compensated
`, r.logs[0])
}

func TestACaseThatThereIsNot(t *testing.T) {
	t.Setenv("CHAINTEST_CASE", "charge/fial")
	r := explored(t, rightPlan)
	require.Equal(t, []string{`chaintest: CHAINTEST_CASE: the plan has no case "charge/fial"`}, r.errors)

	t.Setenv("CHAINTEST_CASE", "charge/fail + none")
	require.Len(t, explored(t, rightPlan).errors, 1)

	t.Setenv("CHAINTEST_CASE", "undo charge/fail")
	r = explored(t, rightPlan)
	require.Equal(t, []string{`chaintest: CHAINTEST_CASE: the case "undo charge/fail" did not come about: a step in it was not reached`}, r.errors)
}

// The line runs in a shell as it stands, whatever the names are.
func TestTheLineIsSafeInAShell(t *testing.T) {
	r := &recorder{TB: t, name: "TestA/it's $HOME (1)"}
	plan := chain.New[order]().Step(`it's "$(x)"`, chaintest.Nothing[order]()).MustBuild()
	check := func(out chain.Outcome[order]) error { return out.Failures[0] }
	chaintest.Explore(r, plan, func() order { return order{} }, func(out chain.Outcome[order]) error {
		if len(out.Failures) == 0 {
			return nil
		}
		return check(out)
	})
	_, line, found := strings.Cut(strings.Split(r.errors[0], "\n")[4], "run this case alone with: ")
	require.True(t, found, r.errors[0])
	out, err := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(line, "go test", `sh -c 'printf "%s|" "$CHAINTEST_CASE" "$@"' --`, 1)).Output()
	require.NoError(t, err)
	require.Equal(t, `it's "$(x)"/fail|-run|^TestA$/^it's \$HOME \(1\)$|`, string(out))
}
