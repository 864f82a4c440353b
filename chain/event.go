package chain

import (
	"fmt"
	"log/slog"
	"time"
)

// An Event is one entry of an execution's trace.
type Event struct {
	Time    time.Time     `json:"time"`
	Kind    Kind          `json:"kind"`
	Phase   Phase         `json:"phase,omitempty"`
	Level   slog.Level    `json:"level,omitempty"`
	Path    string        `json:"path,omitempty"`     // of the step; empty for the plan's own events
	Attempt int           `json:"attempt,omitempty"`  // counted from 1; zero where nothing was attempted
	Message string        `json:"message,omitempty"`  // of a log event; of the plan's end, its status
	Error   string        `json:"error,omitempty"`    // what WithErrorText lets of the error be seen
	Delay   time.Duration `json:"delay_ns,omitempty"` // of a retry: the wait before the next attempt
}

// Kind is what an event tells.
type Kind uint8

// The kinds of events. Those of a compensation's retries are KindRetrying with
// Phase Compensation; all others of a compensation have their own kind.
const (
	KindPlanStarted        Kind = iota + 1 // the execution began, or was resumed
	KindPlanEnded                          // the execution ended; Message is its status
	KindStarted                            // an attempt at a step began; a Process or Parallel began
	KindSucceeded                          // a step, Process or Parallel completed
	KindFailed                             // it failed for good
	KindRetrying                           // an attempt failed, another follows after Delay
	KindSkipped                            // its When said no
	KindCompensating                       // an attempt at a compensation began
	KindCompensated                        // a step was undone
	KindCompensationFailed                 // an undo failed for good
	KindLog                                // a step's own event, from Log
)

var kindNames = [...]string{
	KindPlanStarted:        "plan_started",
	KindPlanEnded:          "plan_ended",
	KindStarted:            "started",
	KindSucceeded:          "succeeded",
	KindFailed:             "failed",
	KindRetrying:           "retrying",
	KindSkipped:            "skipped",
	KindCompensating:       "compensating",
	KindCompensated:        "compensated",
	KindCompensationFailed: "compensation_failed",
	KindLog:                "log",
}

// String is the kind in lower case, as in JSON.
func (k Kind) String() string {
	if k > 0 && int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// MarshalText is String, and an error for a value that is no kind.
func (k Kind) MarshalText() ([]byte, error) {
	if k == 0 || int(k) >= len(kindNames) {
		return nil, fmt.Errorf("chain: unknown kind %d", uint8(k))
	}
	return []byte(kindNames[k]), nil
}

// UnmarshalText reads what MarshalText wrote.
func (k *Kind) UnmarshalText(text []byte) error {
	for i, name := range kindNames {
		if i > 0 && string(text) == name {
			*k = Kind(i)
			return nil
		}
	}
	return fmt.Errorf("unknown kind %q", text)
}

// levels is how loud an event is when nothing else says so.
var levels = [...]slog.Level{
	KindStarted:            slog.LevelDebug,
	KindSkipped:            slog.LevelDebug,
	KindRetrying:           slog.LevelWarn,
	KindCompensating:       slog.LevelWarn,
	KindCompensated:        slog.LevelWarn,
	KindFailed:             slog.LevelError,
	KindCompensationFailed: slog.LevelError,
	KindLog:                slog.LevelInfo, // as the others are
}
