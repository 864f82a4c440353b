package chain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

var (
	errMoney    = errors.New("broke")
	errNoCredit = fmt.Errorf("declined: %w", errMoney)
)

// An error of the user's is known again when it was stored.
func TestRegisteredErrors(t *testing.T) {
	require.NoError(t, chain.RegisterError("declined", errNoCredit))
	for code, err := range map[string]error{"": errMoney, "declined": errMoney, "timeout": errMoney, "panic": errMoney, "nil": nil} {
		require.Error(t, chain.RegisterError(code, err), code)
	}
	plan := chain.New[int]().
		Step("charge", func(context.Context, *int) error { return fmt.Errorf("card 7: %w", errNoCredit) }).MustBuild()
	out, _ := runner.NewSync(plan).Run(t.Context(), 0)
	doc, err := json.Marshal(out.Context)
	require.NoError(t, err)
	var read chain.ExecutionContext[int]
	require.NoError(t, json.Unmarshal(doc, &read))
	_, err = read.Outcome()
	require.ErrorIs(t, err, errNoCredit)
	require.ErrorIs(t, err, errMoney, "and what it wraps")
	require.NotErrorIs(t, err, context.Canceled)
}
