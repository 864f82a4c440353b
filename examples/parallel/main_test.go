package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/internal/golden"
	"github.com/taskchain-go/taskchain/runner"
)

// In the bubble time stands still while anything works, so that the golden file
// can have the times in it.
func TestOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		require.NoError(t, run(&out))
		golden.Check(t, "testdata/output.golden", out.String())
	})
}

func TestBothRunnersHaveTheSameOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, trip := range []Trip{{Insurable: true}, {Insurable: false}} {
			agency := &Agency{booked: map[string]bool{}}
			plan, err := newPlan(agency)
			require.NoError(t, err)

			inOrder, errSync := runner.NewSync(plan).Run(t.Context(), trip)
			bookedSync := agency.Booked()
			agency.Clear()
			together, errAsync := runner.NewAsync(plan).Run(t.Context(), trip)

			require.Equal(t, errSync == nil, errAsync == nil)
			require.Equal(t, inOrder.Status, together.Status)
			require.Equal(t, inOrder.Context.Data, together.Context.Data)
			require.ElementsMatch(t, inOrder.Context.Completed(), together.Context.Completed())
			require.ElementsMatch(t, inOrder.Context.Compensated(), together.Context.Compensated())
			require.Equal(t, bookedSync, agency.Booked())
			require.Equal(t, 750*time.Millisecond, inOrder.Duration)
			require.Equal(t, 300*time.Millisecond, together.Duration)
		}
	})
}

func TestACancelledTripLeavesNothingBooked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agency := &Agency{booked: map[string]bool{}}
		plan, err := newPlan(agency)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond) // the room is booked, the rest under way
		defer cancel()

		out, err := runner.NewAsync(plan).Run(ctx, Trip{Insurable: true})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, chain.Compensated, out.Status)
		require.Equal(t, []string{"book/hotel/room"}, out.Context.Compensated())
		require.Empty(t, agency.Booked())
	})
}
