// Package killed holds the test that kills a process in the midst of its durable
// executions, some hundred times, and looks whether anything was forgotten or
// done twice. It runs the test binary once more as a child, with a journal in a
// folder and services behind HTTP in the parent, which outlive it.
//
//	go test ./internal/killed -v -kills 1000 -seed 7
package killed
