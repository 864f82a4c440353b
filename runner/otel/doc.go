// Package otel shows executions in OpenTelemetry: as traces and as metrics.
//
// For most uses, give a runner what [Instrument] makes, and set the providers of
// OpenTelemetry as in every other program:
//
//	r := runner.NewSync(plan, otel.Instrument())
//
// # Traces
//
// An execution is one span, "execution checkout", a child of the span in the
// caller's ctx. Inside it, each step, Process, Parallel and compensation is a
// span: "step fulfil/pack", "process fulfil", "compensation charge". All the
// attempts at a step are in one span, the waits between them included; each
// attempt is an event in it, each failed one an exception with the stack of a
// panic, each wait a "retrying" with its delay. A step that was skipped is an
// event of the span around it, and what a step logs with its execution's Log an
// event of its own. A compensation is in the Process that undoes itself, or in
// the execution.
//
// The ctx that a step gets carries the step's span. So whatever is instrumented
// besides, such as an HTTP client with otelhttp, hangs under the step and
// passes the W3C trace context on.
//
// A step or execution that fails has the status Error. How an execution ended is
// in the attribute taskchain.execution.status: look for "stuck", those wait for a
// person. Of an error, no more is told than WithErrorText lets be seen.
//
// An execution that is stopped and resumed has a span for each run. The metadata
// of an execution whose span is sampled has its W3C context under the key
// "traceparent", so that it is still known in another process, and the span of
// each later run links to the one before.
//
// On runner/temporal the worker that interprets the plan tells of the execution and
// its steps, in a trace of their own. Each attempt is a span besides, "attempt
// charge", which the step's ctx carries there: under that of the interceptor from
// the SDK of Temporal, where one is used, or else under the execution's. Of an
// execution that goes on in another worker, because its own was lost or has forgotten
// it, or in a new history, the span is made there: it begins when the execution did,
// ends once and links to the one before, which nobody gets to see. So steps that were
// told of before are in the same trace, but hang under a span that is not there.
//
// # Metrics
//
//   - taskchain.executions: how many ended, by plan and status
//   - taskchain.execution.duration, in seconds: of the runs, by plan and status
//   - taskchain.active_executions: how many are running in this process, by plan;
//     on runner/temporal, those that a worker has told of and still has in its cache
//   - taskchain.step.duration, in seconds: of steps and compensations, waits
//     for retries included, by plan, path, phase and outcome
//   - taskchain.retries: by plan, path and phase
//   - taskchain.compensations: by plan, path and outcome
//
// What failed has an error.type as well: "timeout", "canceled", "panic", what
// the error's ErrorType method says, or the error's Go type. A plan whose paths
// are made of its data, such as a step for each row of a file, makes as many
// time series: leave the paths away with a view of the SDK.
//
// # Zero value, concurrency, failure
//
// The zero [Option] says nothing. What Instrument makes is safe for any number
// of runners and executions at once. Telemetry never stops an execution; what is
// wrong with it goes to OpenTelemetry's error handler. A run that ends without
// an end of the execution, as when the store of a durable one fails, leaves its
// span unended, and is counted as active until the garbage collector finds that
// nobody has the execution any more.
package otel
