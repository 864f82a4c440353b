// Package taskchain is the top of a library that runs business steps which
// belong together: each with its retries, its timeout and its compensation, and
// all of them with one record of what happened. This package holds only the
// documentation.
//
// For most uses, import three packages:
//
//   - chain, to write a plan: chain.New[Order]().Step(…)…Build()
//   - policy, to say what happens when a step fails: policy.Exponential(…),
//     policy.Compensate
//   - runner, to execute it: runner.NewSync(plan).Run(ctx, order)
//
// A step is a func(ctx context.Context, data *T) error, so a method of a service
// is a step as it stands. The library brings no infrastructure: databases,
// queues and HTTP clients come in by your own methods and closures.
//
// # Vocabulary
//
//   - A plan is what shall be done: an immutable, checked sequence of steps over
//     data of one type. Any number of executions may use it at once.
//   - A step is one piece of work. It is known by its path, such as
//     "fulfil/pack".
//   - A process is a sequence of steps under one name, a step of the plan around
//     it.
//   - A branch is one of the steps that a Parallel runs at the same time.
//   - A compensation undoes a step that had completed.
//   - An attempt is one call of a step or of a compensation; a retry is another
//     attempt.
//   - An execution is a plan being carried out on one piece of data.
//   - The trace is everything that happened in an execution, an event for each
//     thing that did.
//   - The outcome is what became of an execution: succeeded, aborted, partial,
//     compensated or stuck.
//   - Stuck is an execution of which a compensation failed: a person must look.
//
// # Packages
//
//   - policy: retries, what to do on failure, which errors are worth a retry.
//   - builder: the fluent Builder, the immutable Plan, its drawings.
//   - chain: New, the context of an execution, events, outcomes, errors.
//   - codec: an execution as JSON, and back.
//   - report: executions as HTML pages, to be looked at.
//   - runner: the sync, the async and the durable runner, and their options.
//   - runner/journal: keeps the executions of a durable runner in a folder.
//   - runner/storetest: the conformance suite for who keeps them elsewhere.
//   - runner/engine: the rules of execution, for authors of runners.
//   - runner/otel: executions in OpenTelemetry, a module of its own.
//   - runner/temporal: the same plans on Temporal, a module of its own.
//   - runner/runnertest: the conformance suite that every runner passes.
//   - chain/chaintest: proves of a user's plan that it leaves nothing behind,
//     however it goes wrong.
//
// An import goes only from the right to the left:
//
//	policy  <-  builder  <-  chain  <-  codec  <-  runner
//
// The README has the guarantees, and the folder examples has programs that run.
package taskchain
