package chaintest_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func recorded(t *testing.T) *chaintest.Record {
	t.Helper()
	nothing := chaintest.Nothing[int]()
	plan := chain.New[int]().OnFailure(policy.Compensate).
		Step("reserve", nothing).Compensate(nothing).
		Process("fulfil", chain.New[int]().
			Step("pack", nothing).Compensate(chaintest.Flaky(1, nil, nothing)).RetryCompensation(policy.Fixed(2, 0)).
			Step("ship", chaintest.Failing[int](nil)).Retry(policy.Fixed(3, 0))).
		Step("thank", nothing).
		MustBuild()
	var rec chaintest.Record
	_, err := runner.NewSync(plan, rec.Option()).Run(t.Context(), 0)
	require.ErrorIs(t, err, chaintest.ErrInjected)
	return &rec
}

func TestRecord(t *testing.T) {
	rec := recorded(t)
	rec.Ran(t, "reserve", "fulfil/pack", "fulfil/ship", "undo fulfil/pack", "undo reserve")
	rec.RanInAnyOrder(t, "fulfil/ship", "fulfil/pack", "reserve", "undo reserve", "undo fulfil/pack")
	rec.NeverRan(t, "thank", "undo fulfil/ship")
	require.Equal(t, 3, rec.Attempts("fulfil/ship"))
	require.Equal(t, 2, rec.Attempts("undo fulfil/pack"))
	keys := rec.Keys("fulfil/ship")
	require.Equal(t, []string{keys[0], keys[0], keys[0]}, keys)
	require.NotEqual(t, rec.Keys("fulfil/pack")[0], rec.Keys("undo fulfil/pack")[0])
	rec.Reset()
	rec.Ran(t)
}

func TestRecordSaysWhatIsWrong(t *testing.T) {
	rec := recorded(t)
	r := &recorder{TB: t}
	rec.Ran(r, "reserve", "thank")
	rec.Ran(r)
	rec.RanInAnyOrder(r, "reserve")
	rec.NeverRan(r, "thank", "reserve")
	rec.Reset()
	rec.Ran(r, "reserve")
	const ran = "reserve, fulfil/pack, fulfil/ship, undo fulfil/pack, undo reserve"
	require.Equal(t, []string{
		"chaintest: ran:      " + ran + "\n           expected: reserve, thank",
		"chaintest: ran:      " + ran + "\n           expected: nothing",
		"chaintest: ran:                   " + ran + "\n           expected in any order: reserve",
		"chaintest: ran:      " + ran + "\n           expected: never reserve",
		"chaintest: ran:      nothing\n           expected: reserve",
	}, r.errors)
}

// A resume's second run of a step is another run; a retry is not.
func TestRecordOfAResume(t *testing.T) {
	plan := chain.New[int]().
		Step("a", chaintest.Nothing[int]()).
		Step("b", chaintest.Flaky(1, errors.New("busy"), chaintest.Nothing[int]())).
		MustBuild()
	var rec chaintest.Record
	r := runner.NewAsync(plan, rec.Option())
	out, err := r.Run(t.Context(), 0)
	require.Error(t, err)
	_, err = r.Resume(t.Context(), out.Context)
	require.NoError(t, err)
	rec.Ran(t, "a", "b", "b")
}
