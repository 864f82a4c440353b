package runner

import (
	"context"
	"errors"
	"log/slog"

	"github.com/taskchain-go/taskchain/chain"
)

// The attributes of log lines, as LogTo and Logger name them. What does not apply
// is left out.
const (
	PlanKey      = "plan"      // the plan's name
	ExecutionKey = "execution" // the execution's ID
	StepKey      = "step"      // the step's path
	PhaseKey     = "phase"     // "forward" or "compensation"
	AttemptKey   = "attempt"   // counted from 1
	DelayKey     = "delay"     // before the next attempt
	ErrorKey     = "error"     // what WithErrorText lets of it be seen
	StatusKey    = "status"    // how the execution ended
)

// LogTo writes a line to logger for each event, with the event's time and the
// attributes named above. The message is the event's kind, or what a step has
// logged. The levels let a busy service keep only what it has to look at:
//
//   - error: a step or compensation failed for good, also where the plan copes with
//     it; an execution ended aborted or stuck, or stopped
//   - warn: a retry, a compensation, an execution that ended partial or
//     compensated; the plan has coped
//   - info: a step succeeded, an execution began, or ended succeeded
//   - debug: an attempt begins, a step was skipped
//
// One line is of no event: "stopped", when an execution of a Durable stops where
// it stands, since it can't be written down.
//
// What a step logs itself, by [Logger], goes to the same logger. Of several, Logger
// has the last.
func LogTo(logger *slog.Logger) Option {
	if logger == nil {
		return Option{func(*settings) error { return errors.New("LogTo: nil logger") }}
	}
	observer := WithObserver(func(ctx context.Context, e chain.Event) {
		keepLogger(ctx, logger, e.Kind)
		logEvent(ctx, logger, e)
	})
	return Option{func(s *settings) error {
		s.durable.loggers = append(s.durable.loggers, logger)
		return observer.apply(s)
	}}
}

// logStopped tells of an execution that has no end to tell of.
func logStopped(ctx context.Context, loggers []*slog.Logger, info chain.ExecutionInfo, err error) {
	for _, logger := range loggers {
		func() {
			defer func() { _ = recover() }() // of a handler's, as of an observer: it must end neither the process nor the telling
			logger.LogAttrs(ctx, slog.LevelError, "stopped", append(place(info, "", chain.Forward, 0), slog.String(ErrorKey, err.Error()))...)
		}()
	}
}

// Logger is the logger of a step: that of LogTo, or slog.Default where the runner
// has none, with the plan, execution, step, phase and attempt that ctx belongs
// to. In an observer's ctx it has no step; elsewhere it is slog.Default as it is.
// What is logged by it is not in the trace: for that, there is the Log method of
// the execution.
func Logger(ctx context.Context) *slog.Logger {
	logger := slog.Default()
	info, ok := chain.ExecutionFrom(ctx)
	if !ok {
		return logger
	}
	if exec, ok := chain.AnyFromContext(ctx); ok {
		if kept, ok := exec.Attached(loggerKey{}).(*slog.Logger); ok {
			logger = kept
		}
	}
	step, _ := chain.StepFrom(ctx)
	return slog.New(logger.Handler().WithAttrs(place(info, step.Path, step.Phase, step.Attempt)))
}

// loggerKey is what LogTo attaches its logger to an execution by, which costs
// steps nothing.
type loggerKey struct{}

func keepLogger(ctx context.Context, logger *slog.Logger, kind chain.Kind) {
	exec, ok := chain.AnyFromContext(ctx)
	switch {
	case !ok:
	case kind == chain.KindPlanEnded: // another runner may resume it
		exec.Attach(loggerKey{}, nil)
	case kind == chain.KindPlanStarted || exec.Attached(loggerKey{}) == nil: // or an attempt made in another process than the begin
		exec.Attach(loggerKey{}, logger)
	}
}

func logEvent(ctx context.Context, logger *slog.Logger, e chain.Event) {
	level := levelOf(e)
	if !logger.Enabled(ctx, level) {
		return
	}
	info, _ := chain.ExecutionFrom(ctx)
	attrs := place(info, e.Path, e.Phase, e.Attempt)
	if e.Kind == chain.KindRetrying {
		attrs = append(attrs, slog.Duration(DelayKey, e.Delay))
	}
	if e.Error != "" {
		attrs = append(attrs, slog.String(ErrorKey, e.Error))
	}
	message := e.Kind.String()
	switch e.Kind {
	case chain.KindLog:
		message = e.Message
	case chain.KindPlanEnded:
		attrs = append(attrs, slog.String(StatusKey, e.Message))
	}
	line := slog.NewRecord(e.Time, level, message, 0) // no line of the user's code has written it
	line.AddAttrs(attrs...)
	_ = logger.Handler().Handle(ctx, line) // as slog does: there is nobody to tell
}

// levelOf is the event's level, and of the execution's end that of how it ended.
func levelOf(e chain.Event) slog.Level {
	if e.Kind != chain.KindPlanEnded {
		return e.Level
	}
	switch e.Message {
	case chain.Aborted.String(), chain.Stuck.String():
		return slog.LevelError
	case chain.Partial.String(), chain.Compensated.String():
		return slog.LevelWarn
	}
	return e.Level
}

// place is the attributes that say where something happened.
func place(info chain.ExecutionInfo, path string, phase chain.Phase, attempt int) []slog.Attr {
	attrs := make([]slog.Attr, 0, 8)
	if info.Plan != "" {
		attrs = append(attrs, slog.String(PlanKey, info.Plan))
	}
	attrs = append(attrs, slog.String(ExecutionKey, info.ID))
	if path != "" {
		attrs = append(attrs, slog.String(StepKey, path), slog.String(PhaseKey, phase.String()))
	}
	if attempt > 0 {
		attrs = append(attrs, slog.Int(AttemptKey, attempt))
	}
	return attrs
}
