// Package builder turns fluent calls into an immutable, checked [Plan].
//
// For most uses, start with chain.New, chain [Builder.Step] and its
// decorations, and end with [Builder.Build]; this package is where the types
// of those calls are documented.
//
//	plan, err := chain.New[Order]().Named("checkout").
//		Step("reserve", stock.Reserve).Compensate(stock.Release).
//		Step("charge", pay.Charge).Timeout(2 * time.Second).
//		OnFailure(policy.Compensate).
//		Build()
//
// A [Builder] and a [StepBuilder] are values. Every call returns a new one and
// changes nothing that exists, so a common prefix can be kept in a variable,
// forked and used from many goroutines. The zero Builder is an empty plan that
// Build refuses. A [Plan] is immutable and safe for any number of concurrent
// runs; its zero value is not useful.
//
// Nothing is checked until Build, which then reports all faults at once, each
// an [*InvalidError] with the file and line of the call at fault. No function
// of this package panics on bad input, except MustBuild, whose purpose it is.
//
// The package knows plans and nothing of executions: package chain has the
// words for one execution, package runner executes.
package builder
