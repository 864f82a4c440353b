package otel

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/taskchain-go/taskchain/chain"
)

// metadataKey is where an execution keeps the W3C context of its span, so that
// it is known in the next process.
const metadataKey = "traceparent"

var w3c propagation.TraceContext

// inscribe keeps the span's context in the execution's metadata. One that is not
// sampled is nowhere to be found.
func inscribe(exec chain.Execution, span trace.SpanContext) {
	if !span.IsSampled() {
		return
	}
	carrier := propagation.MapCarrier{}
	w3c.Inject(trace.ContextWithSpanContext(context.Background(), span), carrier)
	exec.Set(metadataKey, carrier.Get(metadataKey))
}

// remembered is the context in the execution's metadata, or an invalid one.
func remembered(exec chain.Execution) trace.SpanContext {
	text, _ := exec.Get(metadataKey)
	parent, ok := text.(string)
	if !ok {
		return trace.SpanContext{}
	}
	ctx := w3c.Extract(context.Background(), propagation.MapCarrier{metadataKey: parent})
	return trace.SpanContextFromContext(ctx)
}

// under is the context that the spans of a run hang under that has none for the
// execution, because that is in another process.
func under(ctx context.Context, exec chain.Execution) context.Context {
	if before := remembered(exec); before.IsValid() && !trace.SpanContextFromContext(ctx).IsValid() {
		return trace.ContextWithRemoteSpanContext(ctx, before)
	}
	return ctx
}
