package runner

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/codec"
)

// durableOptions is what only NewDurable takes.
type durableOptions struct {
	named     string // the last of them that was given
	codec     any    // a codec.Codec[T]
	versions  []any  // of *builder.Plan[T]
	retention time.Duration
	loggers   []*slog.Logger // those of LogTo, which serves every runner
}

// WithCodec has a Durable write executions in another form than JSON, or
// encrypted. Records that were written by another codec can't be read.
func WithCodec[T any](c codec.Codec[T]) Option {
	return Option{func(s *settings) error {
		if c == nil {
			return errors.New("WithCodec: nil codec")
		}
		s.durable.named, s.durable.codec = "WithCodec", c
		return nil
	}}
}

// WithVersion makes an earlier version of a Durable's plan known to it, of the
// same name: executions that were begun under that one are carried on under it.
// Of several whose structure is the same, the first counts.
func WithVersion[T any](plan *builder.Plan[T]) Option {
	return Option{func(s *settings) error {
		if plan == nil {
			return errors.New("WithVersion: nil plan")
		}
		s.durable.named, s.durable.versions = "WithVersion", append(s.durable.versions, plan)
		return nil
	}}
}

// WithRetention has a Durable forget executions that finished longer ago than
// age, by and by: at Recover, and when others finish. Aborted and stuck ones are
// kept: a person must look at them. The default is to keep all, by which an ID is
// known for ever.
func WithRetention(age time.Duration) Option {
	return Option{func(s *settings) error {
		if age <= 0 {
			return fmt.Errorf("WithRetention: must be above 0, got %s", age)
		}
		s.durable.named, s.durable.retention = "WithRetention", age
		return nil
	}}
}
