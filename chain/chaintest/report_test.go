package chaintest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
)

// However much is wrong, it fits on a screen.
func TestAReportFitsOnAScreen(t *testing.T) {
	for name, complaint := range map[string]func(n int) error{
		"all the same":    func(int) error { return errors.New("no") },
		"all different":   func(n int) error { return fmt.Errorf("no %d", n) },
		"long":            func(n int) error { return errors.New(strings.Repeat("long ", 1000)) },
		"many lines":      func(n int) error { return errors.New(strings.Repeat("line\n", n+10)) },
		"many long lines": func(n int) error { return errors.New(strings.Repeat(strings.Repeat("é", 1000)+"\n", n%50)) },
	} {
		t.Run(name, func(t *testing.T) {
			r, n := &recorder{TB: t}, 0
			chaintest.ExploreWorld(r, planOf(10), newWorld, func(chain.Outcome[order], *books) error {
				n++
				return complaint(n)
			})
			require.Len(t, r.errors, 1)
			lines := strings.Split(r.errors[0], "\n")
			require.LessOrEqual(t, len(lines), 20, r.errors[0])
			require.Equal(t, "chaintest: 322 of 322 cases broken", lines[0])
			for _, line := range lines {
				require.LessOrEqual(t, len([]rune(line)), 220)
			}
		})
	}
}

func TestAReportSaysWhatItLeavesOut(t *testing.T) {
	r, n := &recorder{TB: t}, 0
	chaintest.ExploreWorld(r, planOf(1), newWorld, func(chain.Outcome[order], *books) error {
		n++
		return fmt.Errorf("complaint %d", n)
	})
	lines := strings.Split(r.errors[0], "\n")
	require.Equal(t, "no failure; then succeeded, but: complaint 1", lines[1])
	require.Equal(t, "and 25 other complaints more, not shown", lines[len(lines)-1])
}

// A complaint with the execution's ID in it is the same complaint in each case.
func TestComplaintsAreTheSameWhateverTheID(t *testing.T) {
	r := &recorder{TB: t}
	chaintest.ExploreWorld(r, rightPlan, newWorld, func(out chain.Outcome[order], _ *books) error {
		return fmt.Errorf("execution %s is odd", out.Context.ID)
	})
	require.Equal(t, []string{`chaintest: plan "checkout": 46 of 46 cases broken
no failure; then succeeded, but: execution <id> is odd
    run this case alone with: CHAINTEST_CASE='none' go test -run '^TestPlan$'
    the same in 45 other cases: cancel, reserve/fail, reserve/fail-once, …`}, r.errors)
}
