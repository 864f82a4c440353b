// Package runner executes plans.
//
// For most uses, take [NewSync]: it runs a plan in the calling goroutine and
// costs least.
//
//	out, err := runner.NewSync(plan).Run(ctx, order)
//
// Take [NewAsync] if the plan has asynchronous steps, if the branches of a
// Parallel shall run together, or to start an execution and look after it later
// by its [Handle].
//
// Take [NewDurable] if an execution must outlive the process: what it has done is
// safe in a [Store], such as a folder (package runner/journal), before it goes on,
// and [Durable.Recover] carries on what a crash has left.
//
// A runner is made once for a plan and used for any number of executions, from
// any number of goroutines; options say what all of them have in common. The
// zero values of the runners are not useful, and say so when used.
//
// An execution that does not succeed is an error, an [*chain.ExecutionError],
// and an outcome that tells what failed and what was undone. Panics in steps are
// failures. Cancelling the context is a failure; the compensations then run on a
// context that it does not reach, and the runner waits for them. Nothing of a
// user's function stops a runner, but one thing holds it up: a step that does
// not return when its context ends. No runner abandons a step, since it would go
// on to change the data.
//
// The rules are in package runner/engine, once for all runners.
package runner
