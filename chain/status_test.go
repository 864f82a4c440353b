package chain_test

import (
	"encoding"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
)

// text is what all the small enumerations of the wire form can do.
type text[E any] interface {
	*E
	encoding.TextUnmarshaler
}

// requireTexts checks that the values, counted from first, have these texts both
// ways, and that there are no others.
func requireTexts[E interface {
	~uint8
	comparable
	encoding.TextMarshaler
}, P text[E]](t *testing.T, first E, texts ...string) {
	t.Helper()
	for i, want := range texts {
		value := first + E(i)
		got, err := value.MarshalText()
		require.NoError(t, err)
		require.Equal(t, want, string(got))

		var back E
		require.NoError(t, P(&back).UnmarshalText([]byte(want)))
		require.Equal(t, value, back)
	}
	unknown := first + E(len(texts))
	_, err := unknown.MarshalText()
	require.ErrorContains(t, err, "unknown")
	_, err = json.Marshal(unknown)
	require.Error(t, err)

	for _, wrong := range []string{"no such thing", "SUCCEEDED", "status(99)"} {
		back := first
		require.ErrorContains(t, P(&back).UnmarshalText([]byte(wrong)), `"`+wrong+`"`)
		require.Equal(t, first, back, "a failed read must change nothing")
	}
}

func TestStatusText(t *testing.T) {
	requireTexts(t, chain.Pending,
		"pending", "running", "compensating", "succeeded", "aborted", "partial", "compensated", "stuck")
	require.Equal(t, "stuck", chain.Stuck.String())
	require.Equal(t, "status(99)", chain.Status(99).String())
}

func TestStatusEndedAndFinished(t *testing.T) {
	for status, is := range map[chain.Status]struct{ ended, finished bool }{
		chain.Pending:      {},
		chain.Running:      {},
		chain.Compensating: {},
		chain.Succeeded:    {true, true},
		chain.Aborted:      {true, false}, // Resume carries on
		chain.Partial:      {true, true},
		chain.Compensated:  {true, true},
		chain.Stuck:        {true, false}, // Resume tries the failed undos again
	} {
		require.Equal(t, is.ended, status.Ended(), status)
		require.Equal(t, is.finished, status.Finished(), status)
	}
}

func TestPhaseText(t *testing.T) {
	requireTexts(t, chain.Forward, "forward", "compensation")
	require.Equal(t, "compensation", chain.Compensation.String())
}
