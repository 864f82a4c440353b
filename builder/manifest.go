package builder

import (
	"time"

	"github.com/taskchain-go/taskchain/policy"
)

// A Manifest describes a plan in plain data, for JSON. It is for people and
// tools; no plan can be made of it, since functions don't travel.
type Manifest struct {
	Name        string         `json:"name,omitempty"`
	Fingerprint string         `json:"fingerprint"`
	OnFailure   policy.Failure `json:"on_failure"`
	Within      string         `json:"within,omitempty"` // a Go duration, "1m30s"
	Steps       []ManifestStep `json:"steps"`
}

// A ManifestStep describes one step of a plan. Durations read as Go writes
// them, retry policies as policy.Retry's String does.
type ManifestStep struct {
	Path                string          `json:"path"`
	Kind                string          `json:"kind"`
	Description         string          `json:"description,omitempty"`
	Conditional         bool            `json:"conditional,omitempty"`
	Retry               string          `json:"retry,omitempty"`
	Timeout             string          `json:"timeout,omitempty"`
	Compensation        string          `json:"compensation,omitempty"` // "sync" or "async"
	CompensationRetry   string          `json:"compensation_retry,omitempty"`
	CompensationTimeout string          `json:"compensation_timeout,omitempty"`
	CompensateOnFailure bool            `json:"compensate_on_failure,omitempty"`
	OnFailure           *policy.Failure `json:"on_failure,omitempty"`
	Within              string          `json:"within,omitempty"`
	Steps               []ManifestStep  `json:"steps,omitempty"`
}

// Manifest describes the plan in plain data.
func (p *Plan[T]) Manifest() Manifest {
	root := p.steps[0]
	return Manifest{
		Name:        p.name,
		Fingerprint: p.fingerprint,
		OnFailure:   root.Failure,
		Within:      positive(root.Within),
		Steps:       manifestOf(p.steps, root),
	}
}

func manifestOf(steps []Step, parent Step) []ManifestStep {
	var inside []ManifestStep
	for i := parent.Index + 1; i < parent.Next; i = steps[i].Next {
		s := steps[i]
		m := ManifestStep{
			Path:                s.Path,
			Kind:                s.Kind.String(),
			Description:         s.Description,
			Conditional:         s.Conditional,
			Timeout:             positive(s.Timeout),
			CompensationTimeout: positive(s.CompensationTimeout),
			CompensateOnFailure: s.CompensateOnFailure,
			Within:              positive(s.Within),
			Steps:               manifestOf(steps, s),
		}
		if !s.Retry.IsZero() {
			m.Retry = s.Retry.String()
		}
		if !s.CompensationRetry.IsZero() {
			m.CompensationRetry = s.CompensationRetry.String()
		}
		if s.HasCompensation {
			m.Compensation = "sync"
		}
		if s.AsyncCompensation {
			m.Compensation = "async"
		}
		if s.HandlesFailure {
			m.OnFailure = &s.Failure
		}
		inside = append(inside, m)
	}
	return inside
}

// positive is the text of a duration, or nothing for one that was not said.
func positive(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return d.String()
}
