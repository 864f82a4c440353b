package shop

import (
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/examples/checkout/services"
	"github.com/taskchain-go/taskchain/policy"
)

// NewPlan is the saga of one order: reserve the pieces, hold the money, book the parcel, or nothing of it.
func NewPlan(s Shop, timeout time.Duration) (*builder.Plan[Order], error) {
	// readme:begin plan
	// A refusal (no stock, no money) is final. What may cure itself is tried again, an undo more often
	// than a step: where it fails, a person must do it by hand.
	patient := policy.Exponential(5, 10*time.Millisecond).Jitter(0.2).RetryOn(services.Transient)
	stubborn := policy.Exponential(8, 10*time.Millisecond).Jitter(0.2).RetryOn(services.Transient)

	// A step is undone even where it is the one that failed: an answer may be lost after the effect.
	return chain.New[Order]().Named("checkout").

		// The pieces first: an order that can't be sent must not cost the customer anything.
		Step("reserve", s.Reserve).
		Retry(patient).
		Timeout(timeout).
		Compensate(s.Release).
		RetryCompensation(stubborn).
		CompensationTimeout(10*time.Second).
		CompensateOnFailure().

		// Then the money, held and not yet taken.
		Step("hold", s.Hold).
		Retry(patient).
		Timeout(timeout).
		Compensate(s.Refund).
		RetryCompensation(stubborn).
		CompensationTimeout(10*time.Second).
		CompensateOnFailure().

		// The parcel last: it is the hardest to get back.
		Step("book", s.Book).
		Retry(patient).
		Timeout(timeout).
		Compensate(s.Cancel).
		RetryCompensation(stubborn).
		CompensationTimeout(10 * time.Second).
		CompensateOnFailure().

		// All of it, or nothing.
		OnFailure(policy.Compensate).
		Build()
	// readme:end plan
}
