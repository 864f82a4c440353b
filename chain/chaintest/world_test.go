package chaintest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// recorder is a test that notes what is said to it.
type recorder struct {
	testing.TB
	name         string
	errors, logs []string
}

func (r *recorder) Helper() {}
func (r *recorder) Name() string {
	if r.name == "" {
		return "TestPlan"
	}
	return r.name
}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

// books is a world of services that keep books and know a request again by its
// key.
type books struct {
	held map[string]int // by book
	seen map[string]bool
}

func newBooks() *books { return &books{held: map[string]int{}, seen: map[string]bool{}} }

// order is the data.
type order struct {
	Amount   int
	Receipts []string
}

func newWorld() (*books, order) { return newBooks(), order{Amount: 30} }

// take holds the amount in a book, once for each key.
func (b *books) take(book string) builder.StepFunc[order] {
	return func(ctx context.Context, o *order) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if key := keyOf(ctx); !b.seen[key] {
			b.seen[key] = true
			b.held[book] += o.Amount
		}
		o.Receipts = append(o.Receipts, book)
		return nil
	}
}

// takeAgain knows no key.
func (b *books) takeAgain(book string) builder.StepFunc[order] {
	return func(_ context.Context, o *order) error {
		b.held[book] += o.Amount
		return nil
	}
}

// give gives back whatever the book holds.
func (b *books) give(book string) builder.StepFunc[order] {
	return func(ctx context.Context, o *order) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		delete(b.held, book)
		return nil
	}
}

func keyOf(ctx context.Context) string {
	info, _ := chain.StepFrom(ctx)
	return info.IdempotencyKey()
}

// balance is the check: all books or none; what a stuck order holds is for a
// person to look at.
func balance(out chain.Outcome[order], b *books) error {
	want := 0
	switch out.Status {
	case chain.Succeeded:
		want = out.Context.Data.Amount
	case chain.Stuck:
		return nil
	}
	var wrong []string
	for _, book := range slices.Sorted(maps.Keys(b.held)) {
		if held := b.held[book]; held != want {
			wrong = append(wrong, fmt.Sprintf("%s holds %d", book, held))
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, ", "))
	}
	return nil
}

// rightPlan copes with everything.
func rightPlan(b *books) *builder.Plan[order] {
	return chain.New[order]().Named("checkout").
		Step("reserve", b.take("stock")).Compensate(b.give("stock")).CompensateOnFailure().
		Retry(policy.Exponential(3, time.Hour)).
		RetryCompensation(policy.Exponential(3, time.Hour)).
		Step("charge", b.take("money")).Compensate(b.give("money")).CompensateOnFailure().
		Timeout(time.Minute).
		OnFailure(policy.Compensate).
		MustBuild()
}
