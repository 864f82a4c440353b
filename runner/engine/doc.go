// Package engine is the one interpreter of plans. Users of TaskChain need
// nothing of it: package runner has the runners. It is public for authors of
// runners.
//
// All rules of execution are here: order, retries, failure strategies,
// compensation, resume, the trace. What differs between runners is how an
// attempt is made, how time passes, how branches run together and what is
// written down; a [Host] has those few functions. A new runner is a new Host:
//
//	program := engine.Compile(plan, engine.Options{})
//	execution, err := engine.Begin(ctx, program, exec, host, start) // from which host.Now counts
//	if err != nil {
//		return chain.Outcome[T]{}, err
//	}
//	execution.Drive()
//	return engine.Outcome(execution, exec)
//
// A resumed execution is replayed: the walk over the plan begins anew, and each
// step that is settled answers with what was recorded instead of running. So
// there is no second way through the rules for it, and a goroutine that a step
// ends by runtime.Goexit is survived in the same manner.
//
// A [Program] is immutable and safe for concurrent use. An [Execution] is driven
// once, by one goroutine. Their zero values are not useful; zero [Options] are
// those of a runner that was given none. What fails in a user's function, a panic
// included, is in the outcome; a panic of a Host is a fault of the Host and goes
// through.
package engine
