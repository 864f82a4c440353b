package codec

import (
	"errors"
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
)

// DefaultLimit is the largest document, in bytes, that is decoded unless Limit
// says otherwise: 64 MiB.
const DefaultLimit = 64 << 20

var errNil = errors.New("taskchain: encode: the execution is nil")

// An Option is an option of JSON and Unmarshal: [Strict] or [Limit].
type Option func(*jsonOptions)

type jsonOptions struct {
	strict bool
	limit  int
}

// Strict makes unknown fields an error, those of T included.
func Strict() Option { return func(o *jsonOptions) { o.strict = true } }

// Limit is the largest document, in bytes, that is decoded. Zero or less
// refuses every document.
func Limit(bytes int) Option { return func(o *jsonOptions) { o.limit = bytes } }

// JSON is the default Codec, and an Appender.
func JSON[T any](opts ...Option) Codec[T] {
	o := jsonOptions{limit: DefaultLimit}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return jsonCodec[T](o)
}

type jsonCodec[T any] jsonOptions

var _ Appender[int] = jsonCodec[int]{}

func (jsonCodec[T]) Encode(s chain.Snapshot[T]) ([]byte, error) { return chain.EncodeSnapshot(s) }

func (jsonCodec[T]) Append(doc []byte, s chain.Snapshot[T]) ([]byte, int, error) {
	return chain.AppendSnapshot(doc, s)
}

func (c jsonCodec[T]) Decode(doc []byte) (chain.Snapshot[T], error) {
	if len(doc) > c.limit {
		return chain.Snapshot[T]{}, fmt.Errorf("taskchain: decode: the document has %d bytes, the limit is %d", len(doc), c.limit)
	}
	return chain.DecodeSnapshot[T](doc, c.strict)
}
