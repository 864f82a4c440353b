package killed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// An Order is the data of an execution: its receipts by path.
type Order struct {
	Receipts map[string]string
}

// undoAttempts is how often a compensation is attempted before it is stuck.
const undoAttempts = 3

// newPlan has what can stand in a plan: processes in processes, one that is undone
// as a whole, a Parallel, conditions, delays, steps that are undone though they
// failed.
func newPlan(s services) *builder.Plan[Order] {
	brief := policy.Fixed(5, time.Millisecond)
	long := policy.Exponential(5, 10*time.Millisecond)
	longer := policy.Fixed(5, 400*time.Millisecond) // than a process takes to start again
	stubborn := policy.Fixed(undoAttempts, 2*time.Millisecond)

	return chain.New[Order]().Named("order").
		Step("quote", s.look).Retry(brief).
		Step("reserve", s.do).Retry(brief).Compensate(s.undo).RetryCompensation(stubborn).CompensateOnFailure().
		Process("pay", chain.New[Order]().
			Step("hold", s.do).Retry(long).Compensate(s.undo).RetryCompensation(stubborn).CompensateOnFailure().
			Process("ledger", chain.New[Order]().
				Step("debit", s.do).Retry(brief).Compensate(s.undo).RetryCompensation(stubborn).
				Step("credit", s.do).Retry(brief).Compensate(s.undo).RetryCompensation(stubborn)).
			Step("fee", s.do).Retry(brief).Compensate(s.undo).RetryCompensation(stubborn)).
		Process(whole, chain.New[Order]().
			Step("box", s.do).Retry(brief).Compensate(s.undo).RetryCompensation(stubborn).
			Step("label", s.do).Retry(brief).Compensate(s.undo).RetryCompensation(stubborn)).
		Compensate(s.undo).RetryCompensation(stubborn).
		Parallel("tell", chain.New[Order]().
			Step("mail", s.do).Retry(brief).Compensate(s.undo).RetryCompensation(stubborn).
			Process("depot", chain.New[Order]().
				Step("shelf", s.do).Retry(brief).Compensate(s.undo).RetryCompensation(stubborn).
				Step("gate", s.do).Retry(brief).Compensate(s.undo).RetryCompensation(stubborn))).
		Step("gift", s.do).Retry(brief).Compensate(s.undo).RetryCompensation(stubborn).When(isGift).
		Step("ship", s.do).Retry(longer).Compensate(s.undo).RetryCompensation(stubborn).CompensateOnFailure().
		Step("bill", s.do).Retry(brief).Compensate(s.undo).RetryCompensation(stubborn).
		OnFailure(policy.Compensate).
		MustBuild()
}

// whole is the Process that has a compensation of its own.
const whole = "pack"

func isGift(ctx context.Context, _ *Order) bool {
	step, _ := chain.StepFrom(ctx)
	return step.ExecutionID[len(step.ExecutionID)-1]%2 == 0
}

// leaves are the paths of the steps that call the services, and what of them is
// undone though it failed.
func leaves() (paths []string, evenIfFailed map[string]bool) {
	evenIfFailed = map[string]bool{}
	for s := range newPlan(services{}).Steps() {
		if !s.Kind.Composite() {
			paths = append(paths, s.Path)
			evenIfFailed[s.Path] = s.CompensateOnFailure
		}
	}
	return paths, evenIfFailed
}

// services is the way to the world.
type services struct {
	url  string
	http *http.Client
}

func (s services) look(ctx context.Context, o *Order) error { return s.call(ctx, http.MethodGet, o) }
func (s services) do(ctx context.Context, o *Order) error   { return s.call(ctx, http.MethodPost, o) }
func (s services) undo(ctx context.Context, o *Order) error { return s.call(ctx, http.MethodDelete, o) }

// call makes one request. It has no Idempotency-Key that net/http knows: that
// would send it again by itself.
func (s services) call(ctx context.Context, method string, o *Order) error {
	step, _ := chain.StepFrom(ctx)
	query := url.Values{"order": {step.ExecutionID}, "path": {step.Path}}.Encode()
	req, err := http.NewRequestWithContext(ctx, method, s.url+"?"+query, nil)
	if err != nil {
		return policy.Permanent(err)
	}
	res, err := s.http.Do(req)
	if err != nil {
		return errors.New("no answer")
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return errors.New("half an answer")
	case res.StatusCode == http.StatusServiceUnavailable:
		return errors.New("busy")
	case res.StatusCode != http.StatusOK:
		return policy.Permanent(fmt.Errorf("%s: %s", res.Status, text))
	case method == http.MethodDelete:
		delete(o.Receipts, step.Path)
	default:
		if o.Receipts == nil {
			o.Receipts = map[string]string{}
		}
		o.Receipts[step.Path] = string(text)
	}
	return nil
}
