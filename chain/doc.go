// Package chain is the front door of TaskChain and the vocabulary of one
// execution.
//
// For most uses, begin a plan with [New], build it with the calls of package
// builder, run it with package runner, and read what became of it off the
// [Outcome]:
//
//	plan, err := chain.New[Order]().Named("checkout").
//		Step("reserve", stock.Reserve).Compensate(stock.Release).
//
//		Step("charge", pay.Charge).Retry(policy.Exponential(5, 100*time.Millisecond)).Compensate(pay.Refund).
//
//		OnFailure(policy.Compensate).
//		Build()
//	…
//	out, err := runner.NewSync(plan).Run(ctx, order)
//
// A step needs nothing of this package. One that wants to know which attempt it
// is asks [StepFrom]; hand its [StepInfo.IdempotencyKey] to services, since a
// step that was in flight when a process died is attempted again. One that wants
// the whole execution asks [FromContext], or is made by [Do].
//
// # Executions
//
// An [ExecutionContext] is the single source of truth of one execution: its
// data, its status, which steps are completed and which were compensated, its
// metadata, and its trace of every [Event]. It can be written down at any event
// and read back, as JSON or as a [Snapshot], and a runner's Resume goes on with
// it: what is completed does not run again, what was being undone is undone
// further. A step is known by its path in the plan, such as "fulfil/pack".
//
// # Zero values
//
// The zero ExecutionContext is a pending execution of zero data, ready to begin;
// it gets its ID then. The zero [Status] is [Pending], the zero [Phase] is
// [Forward]. The zero [Kind] is no kind, and a zero Snapshot is refused by
// [Restore]. A nil [Trace] is an empty one.
//
// # Concurrency
//
// All methods of an ExecutionContext are safe for concurrent use while it runs,
// but for Snapshot and MarshalJSON: they read the data, which belongs to the
// step at work. Snapshots, events, errors and outcomes are plain values that
// nothing changes behind your back. Functions of the user that the trace asks
// for texts, which are Error methods and that of WithErrorText, must not call
// the execution's methods.
//
// # What failure looks like
//
// An execution that does not succeed is an [*ExecutionError], which unwraps to a
// [*StepError] for each step and compensation that failed, and through it to the
// user's own error: errors.Is and errors.As reach it. A panic is a [*PanicError].
// A deadline of the plan's own is [ErrTimeout]. Status says what is left behind:
//
//   - [Succeeded]: everything is done.
//   - [Aborted]: a step failed and the plan stopped without undoing; Resume
//     carries on.
//   - [Partial]: some steps failed, the plan went on past them, to its end.
//   - [Compensated]: a step failed and everything was undone.
//   - [Stuck]: an undo failed. A person must look; Resume tries it again.
//
// An error that was stored and read back reads as before and still matches this
// package's and package context's errors, and the user's own that were given to
// [RegisterError], where it was stored and where it is read. What can't be resumed
// is [ErrFinished] or [ErrPlanChanged], which says which step differs; a document
// that can't be read is an error that says where it is wrong.
//
// [Recorder], [Record], [NewRecord], [Recording], [Begin], [Frame], [Settled]
// and [JoinSnapshots] are for authors of runners.
// An observer or interceptor for plans of every type finds the execution by
// [AnyFromContext].
package chain
