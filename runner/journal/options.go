package journal

import (
	"errors"
	"fmt"
	"log/slog"
)

const (
	minSegment     = 4 << 10
	defaultSegment = 16 << 20
)

// An Option is an option of Open: WithSegmentSize or LogTo.
type Option struct{ apply func(*settings) error }

type settings struct {
	segment int64
	logger  *slog.Logger
}

// tell logs what ended something. A handler that panics, or ends the goroutine it is
// called in, ends nothing besides: others wait for whoever tells.
func (s settings) tell(message string, err error) {
	told := make(chan struct{})
	go func() {
		defer close(told)
		defer func() { _ = recover() }()
		s.logger.Error(message, "error", err)
	}()
	<-told
}

// WithSegmentSize sets the size of the files, in bytes, of which there are two at
// least. Small ones are taken away sooner, large ones are begun less often. The
// default is 16 MiB, the least 4 KiB. It may change from one Open to the next.
func WithSegmentSize(bytes int64) Option {
	return Option{func(s *settings) error {
		if bytes < minSegment {
			return fmt.Errorf("journal: WithSegmentSize: must be at least %d, got %d", minSegment, bytes)
		}
		s.segment = bytes
		return nil
	}}
}

// LogTo writes to logger, as a warning, what Open cut off, and, as an error, what
// ended the writing, or failed while nobody was waiting for it.
func LogTo(logger *slog.Logger) Option {
	return Option{func(s *settings) error {
		if logger == nil {
			return errors.New("journal: LogTo: nil logger")
		}
		s.logger = logger
		return nil
	}}
}

func settingsOf(opts []Option) (settings, error) {
	s := settings{segment: defaultSegment, logger: slog.New(slog.DiscardHandler)}
	var faults []error
	for _, opt := range opts {
		if opt.apply != nil { // the zero Option says nothing
			faults = append(faults, opt.apply(&s))
		}
	}
	return s, errors.Join(faults...)
}
