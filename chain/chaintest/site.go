package chaintest

import (
	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// A site is a point and what the plan and the user say about it.
type site struct {
	point
	retried       bool    // the policy may try again
	timed         bool    // it has a Timeout
	notRepeatable bool    // the user says so
	errs          []error // what it fails with
}

// sitesOf is every point of a plan, the begin first.
func sitesOf(steps []builder.Step, o *options) []site {
	sites := []site{{}}
	for _, s := range steps {
		if !s.Kind.Composite() {
			sites = append(sites, site{
				point:   point{s.Path, chain.Forward},
				retried: s.Retry.Attempts() > 1,
				timed:   s.Timeout > 0,
			})
		}
		if s.HasCompensation {
			sites = append(sites, site{
				point:   point{s.Path, chain.Compensation},
				retried: s.CompensationRetry.Attempts() > 1,
				timed:   s.CompensationTimeout > 0,
			})
		}
	}
	for i := range sites {
		s := &sites[i]
		s.notRepeatable = o.notRepeatable[s.String()]
		s.errs = o.errs[s.String()]
		if s.errs == nil {
			s.errs = o.failWith
		}
		if s.errs == nil {
			s.errs = []error{ErrInjected}
		}
	}
	return sites
}
