package chaintest_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
	"github.com/taskchain-go/taskchain/policy"
)

type plan = func(*books) *builder.Plan[order]

// reservation is a right first step; the faults are planted behind it.
func reservation(b *books) builder.Builder[order] {
	return chain.New[order]().Named("checkout").OnFailure(policy.Compensate).
		Step("reserve", b.take("stock")).Compensate(b.give("stock")).CompensateOnFailure().Builder
}

func explored(t *testing.T, p plan, opts ...chaintest.Option) *recorder {
	t.Helper()
	r := &recorder{TB: t}
	chaintest.ExploreWorld(r, p, newWorld, balance, opts...)
	return r
}

var lineNumber = regexp.MustCompile(`\.go:\d+`)

// Each plan has one fault, of the kind that its name tells. The report is shown
// whole: it is what users read.
func TestPlantedFaultsAreCaughtAndNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		plan plan
		want string
	}{
		"a compensation forgets one book": {
			func(b *books) *builder.Plan[order] {
				charge := func(ctx context.Context, o *order) error {
					b.held["points"] = o.Amount
					return b.take("money")(ctx, o)
				}
				return reservation(b).
					Step("charge", charge).Compensate(b.give("money")).CompensateOnFailure().
					Step("ship", b.take("parcel")).Compensate(b.give("parcel")).CompensateOnFailure().
					MustBuild()
			},
			`
chaintest: plan "checkout": 23 of 56 cases broken
charge: effect happened, reply lost; then compensated, but: points holds 30
    run this case alone with: CHAINTEST_CASE='charge/lost' go test -run '^TestPlan$'
    the same in 22 other cases: charge/panic-after, charge/cancel, charge/cancel-lost, …
`,
		},
		"a lost reply is not undone": {
			func(b *books) *builder.Plan[order] {
				return reservation(b).Step("charge", b.take("money")).Compensate(b.give("money")).MustBuild()
			},
			`
chaintest: plan "checkout": 3 of 30 cases broken
charge: effect happened, reply lost; then compensated, but: money holds 30
    run this case alone with: CHAINTEST_CASE='charge/lost' go test -run '^TestPlan$'
    the same in 2 other cases: charge/panic-after, charge/cancel-lost
compensations that never ran in any case: charge
`,
		},
		"a step is not idempotent": {
			func(b *books) *builder.Plan[order] {
				return reservation(b).Step("charge", b.takeAgain("money")).Compensate(b.give("money")).CompensateOnFailure().MustBuild()
			},
			`
chaintest: plan "checkout": 2 of 38 cases broken
charge: called twice, as after a crash; then succeeded, but: money holds 60
    run this case alone with: CHAINTEST_CASE='charge/repeat' go test -run '^TestPlan$'
    the same in 1 other case: charge/crash-after
`,
		},
		"a retry repeats what must not be repeated": {
			func(b *books) *builder.Plan[order] {
				return reservation(b).
					Step("charge", b.takeAgain("money")).Compensate(b.give("money")).CompensateOnFailure().Retry(policy.Fixed(2, 0)).
					MustBuild()
			},
			`
chaintest: plan "checkout": 4 of 41 cases broken
charge: effect happened, reply lost, then tried again; then succeeded, but: money holds 60
    run this case alone with: CHAINTEST_CASE='charge/lost-once' go test -run '^TestPlan$'
    the same in 3 other cases: charge/repeat, charge/crash-after, charge/crash-retry
`,
		},
		"a compensation is not idempotent": {
			func(b *books) *builder.Plan[order] {
				giveOnce := func(ctx context.Context, o *order) error {
					if b.seen[strings.TrimSuffix(keyOf(ctx), "//compensation")] {
						b.held["money"] -= o.Amount
					}
					return nil
				}
				return reservation(b).
					Step("charge", b.take("money")).Compensate(giveOnce).CompensateOnFailure().
					Step("ship", chaintest.Nothing[order]()).
					MustBuild()
			},
			`
chaintest: plan "checkout": 2 of 48 cases broken
ship: failed, no effect; undo charge: called twice, as after a crash; then compensated, but: money holds -30
    run this case alone with: CHAINTEST_CASE='ship/fail + undo charge/repeat' go test -run '^TestPlan$'
    the same in 1 other case: ship/fail + undo charge/crash-after
`,
		},
		"a compensation fails where nothing had happened": {
			func(b *books) *builder.Plan[order] {
				refund := func(ctx context.Context, o *order) error {
					if b.held["money"] == 0 {
						return errors.New("nothing to refund")
					}
					return b.give("money")(ctx, o)
				}
				return reservation(b).Step("charge", b.take("money")).Compensate(refund).CompensateOnFailure().MustBuild()
			},
			`
chaintest: plan "checkout": 13 of 38 cases broken
charge: failed, no effect; then stuck, but: undo charge failed by itself: nothing to refund
    run this case alone with: CHAINTEST_CASE='charge/fail' go test -run '^TestPlan$'
    the same in 12 other cases: charge/panic, charge/cancel, charge/fail + undo reserve/fail, …
`,
		},
		"a step keeps state outside of the data": {
			func(b *books) *builder.Plan[order] {
				var book string
				charge := func(ctx context.Context, o *order) error {
					book = "money"
					return b.take(book)(ctx, o)
				}
				refund := func(ctx context.Context, o *order) error { return b.give(book)(ctx, o) }
				return reservation(b).
					Step("charge", charge).Compensate(refund).CompensateOnFailure().
					Step("ship", chaintest.Nothing[order]()).
					MustBuild()
			},
			`
chaintest: plan "checkout": 1 of 48 cases broken
ship: failed, no effect; undo charge: process died before its effect, resumed; then compensated, but: money holds 30
    run this case alone with: CHAINTEST_CASE='ship/fail + undo charge/crash' go test -run '^TestPlan$'
`,
		},
		"a step needs what another has left in memory": {
			func(b *books) *builder.Plan[order] {
				var cache map[string]int // a new process has none
				reserve := func(ctx context.Context, o *order) error {
					cache = map[string]int{}
					return b.take("stock")(ctx, o)
				}
				charge := func(ctx context.Context, o *order) error {
					cache["charged"]++
					return b.take("money")(ctx, o)
				}
				return chain.New[order]().Named("checkout").OnFailure(policy.Compensate).
					Step("reserve", reserve).Compensate(b.give("stock")).CompensateOnFailure().
					Step("charge", charge).Compensate(b.give("money")).CompensateOnFailure().
					MustBuild()
			},
			`
chaintest: plan "checkout": 2 of 38 cases broken
charge: process died before its effect, resumed; then compensated, but: charge panicked at planted_test.go:NN: assignment to entry in nil map
    run this case alone with: CHAINTEST_CASE='charge/crash' go test -run '^TestPlan$'
    the same in 1 other case: charge/crash-after
`,
		},
		"a step acts although its ctx has ended": {
			func(b *books) *builder.Plan[order] {
				charge := func(ctx context.Context, o *order) error {
					if err := b.take("money")(context.WithoutCancel(ctx), o); err != nil {
						return err
					}
					return ctx.Err()
				}
				return reservation(b).Step("charge", charge).Compensate(b.give("money")).MustBuild()
			},
			`
chaintest: plan "checkout": 4 of 30 cases broken
charge: effect happened, reply lost; then compensated, but: money holds 30
    run this case alone with: CHAINTEST_CASE='charge/lost' go test -run '^TestPlan$'
    the same in 3 other cases: charge/panic-after, charge/cancel, charge/cancel-lost
compensations that never ran in any case: charge
`,
		},
		"the strategy is forgotten": {
			func(b *books) *builder.Plan[order] {
				return chain.New[order]().Named("checkout").
					Step("reserve", b.take("stock")).Compensate(b.give("stock")).
					Step("charge", b.take("money")).
					MustBuild()
			},
			`
chaintest: plan "checkout": 10 of 22 cases broken
reserve: effect happened, reply lost; then aborted, but: stock holds 30
    run this case alone with: CHAINTEST_CASE='reserve/lost' go test -run '^TestPlan$'
    the same in 6 other cases: reserve/panic-after, reserve/cancel-lost, reserve/cancel-after, …
charge: effect happened, reply lost; then aborted, but: money holds 30, stock holds 30
    run this case alone with: CHAINTEST_CASE='charge/lost' go test -run '^TestPlan$'
    the same in 2 other cases: charge/panic-after, charge/cancel-lost
compensations that never ran in any case: reserve
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := explored(t, tt.plan)
			require.Len(t, r.errors, 1)
			require.Equal(t, strings.TrimSpace(tt.want), lineNumber.ReplaceAllString(r.errors[0], ".go:NN"))
			require.Empty(t, r.logs)
		})
	}
}
