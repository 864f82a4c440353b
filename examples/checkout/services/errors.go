package services

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// What the services refuse for good. The errors of the clients match them with [errors.Is]; asking again
// does not help.
var (
	ErrOutOfStock = errors.New("out of stock")
	ErrDeclined   = errors.New("payment declined")
	ErrUnservable = errors.New("address not served")
)

// StatusError is an answer that is not 2xx.
type StatusError struct {
	Service    string        // "stock", "payment" or "shipping"
	Code       int           // the HTTP status
	RetryAfter time.Duration // what the Retry-After header says; 0 also if there is none
	Body       string        // the reason that the service gives
}

// Error says for example "payment: 402 Payment Required: card declined".
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: %d %s: %s", e.Service, e.Code, http.StatusText(e.Code), e.Body)
}

// Is matches the refusals of this package.
func (e *StatusError) Is(target error) bool {
	switch target {
	case ErrOutOfStock:
		return e.Service == "stock" && e.Code == http.StatusConflict
	case ErrDeclined:
		return e.Service == "payment" && e.Code == http.StatusPaymentRequired
	case ErrUnservable:
		return e.Service == "shipping" && e.Code == http.StatusUnprocessableEntity
	}
	return false
}

// TransportError is a call without a whole answer. Its effect may have happened, or not.
type TransportError struct {
	Service string
	Err     error // of net/http; its text has a port in it, so Error leaves it out
}

// Error says the same for the same fault, whatever ports and connections were used.
func (e *TransportError) Error() string {
	switch {
	case errors.Is(e.Err, context.DeadlineExceeded):
		return e.Service + ": no answer in time"
	case errors.Is(e.Err, context.Canceled):
		return e.Service + ": call cancelled"
	}
	return e.Service + ": no answer, connection lost"
}

// Unwrap returns Err.
func (e *TransportError) Unwrap() error { return e.Err }

// Transient reports whether asking again, with the same key, may help: no answer, 429, or any 5xx.
func Transient(err error) bool {
	if se, ok := errors.AsType[*StatusError](err); ok {
		return se.Code == http.StatusTooManyRequests || se.Code >= http.StatusInternalServerError
	}
	_, ok := errors.AsType[*TransportError](err)
	return ok
}
