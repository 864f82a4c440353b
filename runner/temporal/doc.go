// Package temporal executes plans on Temporal (https://temporal.io): the same
// plan, unchanged, on as many machines as there are workers.
//
// For most uses, register the plan with the workers and start executions by a
// [Runner], which is made of the same plan anywhere else:
//
//	w := worker.New(c, "checkout", temporal.Recommended(worker.Options{}))
//	err := temporal.Register(w, plan, temporal.With(runner.LogTo(logger)))
//	err = w.Run(worker.InterruptCh())
//
//	out, err := temporal.NewRunner(c, plan).Run(ctx, order)
//
// The plan's name is what workers and callers know it by, and the task queue
// unless TaskQueue says another. The data must be what JSON can hold. A Runner and
// its Handles are safe for concurrent use; the zero ones are not useful, and say
// so when used.
//
// # What runs where
//
// Each execution is a workflow with the execution's ID. The workflow, which is
// the same for all plans, hosts the interpreter of package runner/engine; the
// plan's structure is in its input. Each step and each compensation is an
// activity, "checkout/charge" and "checkout/charge//compensation", and so is each
// When, "checkout/sms//when"; it gets the data and gives back what it has
// changed. In the UI an execution that did not succeed is Failed, with the status
// as the type of the failure. Asynchronous steps complete in the worker that has
// started them: what they wait for is a channel of that process. They are begun
// anew elsewhere if it dies.
//
// # Guarantees
//
// All rules of execution hold, as runner/runnertest shows on a real server. A step
// that is recorded as completed never runs again. One that is in flight when its
// worker dies, or loses touch with the server, is begun anew by another worker, with
// the same idempotency key, after the Heartbeat, and that is no attempt of its Retry;
// LostWorkers limits it.
// A worker that is told to stop lets its steps finish within its
// WorkerStopTimeout.
//
// All attempts at a step are made by one activity. It waits itself for delays of
// less than a second; at longer ones it ends for now, and the server begins it anew
// when the delay is over. So Temporal's UI shows a step that is retried as one
// activity, with its last failure and the time of the next attempt, and the history
// does not grow. What failed attempts have done is in the details of the activity's
// heartbeats meanwhile; when that becomes more than 256 KiB besides the data, it
// goes into the history and another activity goes on.
//
// A step that is cancelled in a delay, or after its worker was lost, or before a
// worker has it, is first looked at on the server: what its failed attempts have
// changed stays, and one whose end nobody knows counts as begun, so that
// CompensateOnFailure sees it. The server is kept from beginning it anew in between,
// by its UpdateActivityOptions. On one that does not know this, or does not allow it
// to the worker, an attempt that both begins and ends within the milliseconds of the
// cancellation may go unseen.
//
// What an attempt has changed in the data stays, even if it failed. Data that are
// larger than MaxState, or that JSON can't hold, make the step fail that has left
// them; since its effect has happened, it is compensated, with the data before it.
//
// The branches of a Parallel work on copies, which are merged: objects key by key,
// arrays that kept their length element by element. Two branches that have set the
// same part differently fail the Parallel, which names them and the part.
// Metadata are not copied; of two branches that set the same key, the later holds.
//
// Cancelling, by the Handle, by the ctx of Run or in Temporal's UI, is a failure
// with the reason as its cause; compensations are not reached by it. It takes up to
// a fifth of the Heartbeat to reach a step at work; a delay ends at once. Within is
// a timer. Do not set a timeout of the workflow itself, and do not terminate it:
// nothing would be undone.
//
// Errors come back with their text, and errors.Is knows those of this library, of
// package context, and what was given to [chain.RegisterError]. Types are lost.
//
// # Histories, and changes of plans
//
// An execution whose history has become long goes on with a new one, by
// continue-as-new, between two steps. Within a Parallel its branches leave together,
// each with what it has changed: the first to come waits for the steps of the
// others, with their delays, for up to ten seconds, and then goes on in the old
// history, to try again later. What is taken along must be one message of 2
// MiB, compressed; as long as it is more, the history is kept.
//
// At most 500 branches of an execution are at work at once, begun in the order of
// the plan, and the next when one has ended: Temporal allows 2,000 activities. A
// plan of many thousand branches is better many executions.
//
// A plan may be changed while executions are under way: each is interpreted with
// the structure that it began with, and finds the functions, retries and timeouts
// of its steps by their paths, in whichever worker has them. A worker that lacks
// one leaves it for others; after MissingAfter the step fails with
// chain.ErrPlanChanged. So keep the workers of the old plan until its executions
// have ended, or keep its steps. The worker does this in a dynamic activity; one
// that has a dynamic activity of the user's keeps that.
//
// # Interceptors and encryption
//
// The client's interceptors and data converter are used for all there is: those of
// OpenTelemetry have one trace of an execution, and with a codec that encrypts
// nothing of the data, the metadata, the trace or the memo can be read in Temporal.
// For the texts of errors the client's failure converter needs
// EncodeCommonAttributes as well. What stays readable are IDs, the names of the plan
// and its steps, the status, search attributes, and the reason of a cancellation.
//
// # What does not hold
//
// Observers are called by the worker that interprets the plan, when the attempts
// at a step are over, long delays included: see [With]. Their ctx has no typed
// execution, but chain.ExecutionFrom works. A step finds its execution in its ctx
// with ID, data and metadata, but with no trace but its own. Progress and Context of
// a [Handle] know of a step under way, not of its attempts, which Temporal's UI does;
// within a Parallel Context has the data that it began with.
//
// A failing execution, its trace included, must fit into one message of Temporal;
// it is carried compressed.
package temporal
