package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/policy"
)

func TestFailureText(t *testing.T) {
	for text, f := range map[string]policy.Failure{
		"abort": policy.Abort, "continue": policy.Continue, "compensate": policy.Compensate,
	} {
		t.Run(text, func(t *testing.T) {
			require.Equal(t, text, f.String())

			b, err := f.MarshalText()
			require.NoError(t, err)
			require.Equal(t, text, string(b))

			got := policy.Failure(99)
			require.NoError(t, got.UnmarshalText([]byte(text)))
			require.Equal(t, f, got)
		})
	}
}

func TestFailureZeroValueIsAbort(t *testing.T) {
	var f policy.Failure
	require.Equal(t, policy.Abort, f)
}

func TestFailureUnknownValue(t *testing.T) {
	for f, text := range map[policy.Failure]string{3: "failure(3)", 7: "failure(7)", 255: "failure(255)"} {
		require.Equal(t, text, f.String())
		_, err := f.MarshalText()
		require.ErrorContains(t, err, "failure: unknown value")
	}
	_, err := json.Marshal(policy.Failure(7))
	require.ErrorContains(t, err, "failure: unknown value 7, want abort, continue or compensate")
}

func TestFailureUnknownText(t *testing.T) {
	for _, text := range []string{"", "Abort", "abort ", "rollback", "failure(1)", "0", "\xff\x00"} {
		f := policy.Compensate
		require.ErrorContains(t, f.UnmarshalText([]byte(text)), "failure: unknown text ", text)
		require.Equal(t, policy.Compensate, f, "unchanged")
	}
	f := policy.Compensate
	require.ErrorContains(t, f.UnmarshalText(nil), `failure: unknown text "", want abort, continue or compensate`)
}
