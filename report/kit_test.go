package report_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/report"
	"github.com/taskchain-go/taskchain/runner"
)

type order struct {
	ID       string            `json:"id"`
	Customer string            `json:"customer"`
	Cents    int               `json:"cents"`
	Receipts map[string]string `json:"receipts,omitempty"`

	mu sync.Mutex // branches have the map in common
}

type step = builder.StepFunc[*order]

// takes is a step that takes a while and leaves a receipt.
func takes(d time.Duration, receipt string) step {
	return func(_ context.Context, o **order) error {
		time.Sleep(d)
		if receipt != "" {
			(*o).mu.Lock()
			defer (*o).mu.Unlock()
			(*o).Receipts[receipt] = receipt + "-" + (*o).ID
		}
		return nil
	}
}

// gone takes the receipt back.
func gone(d time.Duration, receipt string) step {
	return func(_ context.Context, o **order) error {
		time.Sleep(d)
		delete((*o).Receipts, receipt)
		return nil
	}
}

// breaks fails the first n times.
func breaks(n int, d time.Duration, text string) step {
	return func(context.Context, **order) error {
		time.Sleep(d)
		if n--; n >= 0 {
			return errors.New(text)
		}
		return nil
	}
}

// trip has all there is to be drawn: what succeeds, is retried, skipped, fails
// with a panic, is undone and not.
func trip() *builder.Plan[*order] {
	never := func(context.Context, **order) bool { return false }
	return chain.New[*order]().Named("book a trip").
		Step("check the customer", takes(40*time.Millisecond, "")).Describe("asks the bureau").
		Step("hold the money", breaks(2, 90*time.Millisecond, "bank: 503 Service Unavailable")).
		Retry(policy.Exponential(4, 100*time.Millisecond)).
		Timeout(time.Second).
		Compensate(gone(120*time.Millisecond, "money")).
		Parallel("book", chain.New[*order]().
			Step("flight", takes(350*time.Millisecond, "flight")).
			Compensate(breaks(9, 60*time.Millisecond, "airline: the booking can't be cancelled any more")).
			RetryCompensation(policy.Fixed(3, 150*time.Millisecond)).
			Process("hotel", chain.New[*order]().
				Step("room", takes(150*time.Millisecond, "room")).Compensate(gone(50*time.Millisecond, "room")).
				Step("dinner", takes(100*time.Millisecond, "")).When(never)).
			Step("car", takes(250*time.Millisecond, "car")).Compensate(gone(80*time.Millisecond, "car"))).
		Step("insure", func(_ context.Context, o **order) error {
			time.Sleep(70 * time.Millisecond)
			(*o).Customer = strings.Fields((*o).Customer)[2] // there is no such name
			return nil
		}).
		Step("send the documents", takes(time.Second, "mail")).
		OnFailure(policy.Compensate).
		Within(time.Minute).
		MustBuild()
}

func newOrder() *order {
	return &order{ID: "o-4711", Customer: "Ada Lovelace", Cents: 129900, Receipts: map[string]string{}}
}

// execute runs a plan where time passes only where everybody waits.
func execute(t *testing.T, plan *builder.Plan[*order]) (out chain.Outcome[*order]) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		exec := chain.NewExecutionContext(newOrder(), chain.WithID("o-4711"),
			chain.WithMetadata(map[string]any{"tenant": "acme", "tags": []string{"vip", "web"}}))
		exec.Log(slog.LevelInfo, "from the web shop")
		out, _ = runner.NewAsync(plan).Resume(t.Context(), exec)
	})
	return out
}

func html(t *testing.T, r *report.Report) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, r.WriteHTML(&b))
	return b.String()
}
