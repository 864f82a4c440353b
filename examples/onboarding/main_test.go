package main

import (
	"context"
	"io/fs"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/internal/golden"
	"github.com/taskchain-go/taskchain/runner"
)

func TestOutput(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(&out))
	golden.Check(t, "testdata/output.golden", golden.Timeless(out.String()))
}

func TestAnAccountOfSomebodyElseStays(t *testing.T) {
	server, err := StartMailServer()
	require.NoError(t, err)
	defer server.Close()
	accounts := Accounts{t.TempDir()}
	ada := Signup{"Ada", "ada@example.com"}
	require.NoError(t, accounts.Create(t.Context(), &ada))
	plan, err := newPlan(accounts, Mailer{server.Addr()})
	require.NoError(t, err)

	out, err := runner.NewSync(plan).Run(t.Context(), ada)
	require.ErrorIs(t, err, fs.ErrExist)
	require.Equal(t, chain.Compensated, out.Status)
	require.FileExists(t, accounts.path(&ada))
	require.Empty(t, server.Delivered())
}

func TestAnAccountStaysInItsFolder(t *testing.T) {
	accounts := Accounts{t.TempDir()}
	require.NoError(t, accounts.Create(t.Context(), &Signup{Email: "../../a@example.com"}))
	require.FileExists(t, accounts.Dir+"/..%2F..%2Fa@example.com.json")
}

func TestDeletingTwiceIsNoError(t *testing.T) {
	accounts := Accounts{t.TempDir()}
	ada := Signup{"Ada", "ada@example.com"}
	require.NoError(t, accounts.Create(t.Context(), &ada))
	require.NoError(t, accounts.Delete(t.Context(), &ada))
	require.NoError(t, accounts.Delete(t.Context(), &ada))
}

func TestWelcomeEndsWithItsContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes the connection and never speaks
	require.NoError(t, err)
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.Error(t, Mailer{silent.Addr().String()}.Welcome(ctx, &Signup{}))
}
