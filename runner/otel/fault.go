package otel

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/taskchain-go/taskchain/chain"
)

// A fault is what is known of an error besides its text, which comes with the
// event: there WithErrorText has been asked.
type fault struct {
	attempt int
	kind    string
	stack   []byte
}

// other is the kind of an error that is not at hand: that of a step that could
// not begin, or whose wait for a retry was ended.
var other = semconv.ErrorTypeOther.Value.AsString()

// faultOf looks at the error of an attempt that was made with ctx. Its methods
// are the user's and may panic.
func faultOf(ctx context.Context, attempt int, err error) (f fault) {
	f = fault{attempt: attempt, kind: other}
	defer func() { _ = recover() }()
	var panicked *chain.PanicError
	switch {
	case errors.As(err, &panicked):
		f.kind, f.stack = "panic", panicked.Stack
	case errors.Is(err, context.DeadlineExceeded), errors.Is(context.Cause(ctx), chain.ErrTimeout):
		f.kind = "timeout"
	case errors.Is(err, context.Canceled):
		f.kind = "canceled"
	default:
		f.kind = semconv.ErrorType(err).Value.AsString()
	}
	return f
}

// fault is what is known of the attempt's error, and forgets those before it.
func (w *work) fault(attempt int) fault {
	for i, f := range w.faults {
		if f.attempt == attempt {
			w.faults = w.faults[i+1:]
			return f
		}
	}
	return fault{attempt: attempt, kind: other}
}

// tell adds the error of an attempt to its span.
func (f fault) tell(span trace.Span, e chain.Event) {
	attrs := []attribute.KeyValue{semconv.ExceptionType(f.kind), semconv.ExceptionMessage(e.Error)}
	if len(f.stack) > 0 {
		attrs = append(attrs, semconv.ExceptionStacktrace(string(f.stack)))
	}
	if e.Attempt > 0 {
		attrs = append(attrs, keyAttempt.Int(e.Attempt))
	}
	span.AddEvent("exception", trace.WithTimestamp(e.Time), trace.WithAttributes(attrs...))
}
