package handwritten

import "time"

// A Document is what somebody writes down of an execution without a library: the
// data and the events, as plain structs for encoding/json. Its JSON of a trace is
// that of chain.Event to the byte.
type Document struct {
	Data  Tally  `json:"data"`
	Trace []Line `json:"trace"`
}

// A Line is an event of a Document.
type Line struct {
	Time    time.Time     `json:"time"`
	Kind    string        `json:"kind"`
	Phase   string        `json:"phase,omitempty"`
	Level   string        `json:"level,omitempty"`
	Path    string        `json:"path,omitempty"`
	Attempt int           `json:"attempt,omitempty"`
	Message string        `json:"message,omitempty"`
	Error   string        `json:"error,omitempty"`
	Delay   time.Duration `json:"delay_ns,omitempty"`
}
