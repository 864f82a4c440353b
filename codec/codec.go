// Package codec turns an execution into bytes and back.
//
// For most uses, call [Marshal] and [Unmarshal]:
//
//	doc, err := codec.Marshal(out.Context)
//	…
//	exec, err := codec.Unmarshal[Order](doc)
//	out, err := runner.NewSync(plan).Resume(ctx, exec)
//
// A [Codec] is the same as an interface, for runners that store executions and
// for users who want another form, or encryption around the JSON. [JSON] is the
// default one.
//
// Bad input is an error that says where it is wrong, as in `taskchain: decode:
// trace[3].time: …`: text that is no JSON, text behind the document, a wrong
// shape, an unknown version, status or kind, a document over the limit. There is
// never a panic and never a half-filled execution. Times are kept to the
// nanosecond and with their zone. T can be anything that JSON can hold; what it
// loses of T, such as unexported fields, is lost.
//
// A nil [Option], its zero value, says nothing.
//
// Everything here is safe for concurrent use. Encoding reads the execution's
// data: see [chain.ExecutionContext.Snapshot] for when that is allowed.
package codec

import "github.com/taskchain-go/taskchain/chain"

// A Codec turns the snapshots of executions into bytes and back. It must be
// safe for concurrent use, and must return an error, never a half-filled
// snapshot, for bytes it can't read. Steps and Trace of a snapshot to be encoded
// are its own only until it returns.
type Codec[T any] interface {
	Encode(chain.Snapshot[T]) ([]byte, error)
	Decode([]byte) (chain.Snapshot[T], error)
}

// An Appender is a Codec for runners that store an execution after each step, as
// [JSON] is one. Append adds the document to doc, so that one buffer does for many,
// and says where the head of all it returns ends: what stands before that, such as
// the data, is mostly what it was one step before, and need not be stored again as
// far as it is the same. A head of zero bytes is none.
type Appender[T any] interface {
	Codec[T]
	Append(doc []byte, s chain.Snapshot[T]) (all []byte, head int, err error)
}

// Marshal writes an execution as JSON.
func Marshal[T any](exec *chain.ExecutionContext[T]) ([]byte, error) {
	if exec == nil {
		return nil, errNil
	}
	return JSON[T]().Encode(exec.Snapshot())
}

// Unmarshal reads an execution from JSON, to be looked at or resumed.
func Unmarshal[T any](doc []byte, opts ...Option) (*chain.ExecutionContext[T], error) {
	snapshot, err := JSON[T](opts...).Decode(doc)
	if err != nil {
		return nil, err
	}
	return chain.Restore(snapshot)
}
