package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/internal/findings"
)

// A storeCase is one thing that a durable execution asks of a store.
type storeCase struct {
	name    string
	why     string // it matters
	reopens bool   // it is about that
	run     func(k *kit)
}

// cases are all of them.
func cases() []storeCase {
	return slices.Concat(recordCases, conflictCases, listCases, forgetCases, togetherCases, reopenCases)
}

func (c storeCase) isFor(s setup) bool { return !c.reopens || s.reopen != nil }

// patience is how long a case may take. It is there for stores that hang.
var patience = time.Minute

// try runs the case, and returns what the store does wrong.
func (c storeCase) try(t *testing.T, s setup) error {
	verdict := make(chan error, 1)
	go func() { verdict <- c.verdict(t, s) }()
	var err error
	select {
	case err = <-verdict:
	case <-time.After(patience):
		err = fmt.Errorf("the store hangs: it was given %v", patience)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s\n%w", c.why, err)
}

func (c storeCase) verdict(t *testing.T, s setup) error {
	return findings.Of("store", func(f require.TestingT) { c.run(newKit(t, f, s)) })
}
