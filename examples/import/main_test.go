package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/internal/golden"
	"github.com/taskchain-go/taskchain/runner"
)

func TestGoodRowsGoInAndBadOnesAreListed(t *testing.T) {
	var stdout, stderr strings.Builder
	require.Equal(t, 1, run(t.Context(), []string{"testdata/customers.csv"}, &stdout, &stderr))
	golden.Check(t, "testdata/customers.jsonl.golden", stdout.String())
	golden.Check(t, "testdata/report.golden", stderr.String())
}

func TestExitStatus(t *testing.T) {
	const header = "name,email,country,credit\n"
	for _, c := range []struct {
		name, file string
		status     int
		report     string
	}{
		{"all good", header + "Ada,ada@example.com,GB,1\n", 0, "1 went in, 0 did not.\n"},
		{"all bad", header + "Ada\n", 1, "0 went in, 1 did not.\n  line 2: record on line 2: wrong number of fields\n"},
		{"a row over two lines", header + "\"Ada\nL\",ada@example.com,GB,1\n,,,\n", 1, "1 went in, 1 did not.\n  line 4: no name\n"},
		{"infinite credit", header + "Ada,ada@example.com,GB,Inf\n", 1, "0 went in, 1 did not.\n  line 2: json: unsupported value: +Inf\n"},
		{"no rows", header, 2, "no steps"},
		{"empty", "", 2, "header: EOF"},
		{"another header", "a,b\n", 2, `header: ["a" "b"] instead of`},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "in.csv")
			require.NoError(t, os.WriteFile(file, []byte(c.file), 0o600))
			var stderr strings.Builder
			require.Equal(t, c.status, run(t.Context(), []string{file}, io.Discard, &stderr))
			require.Contains(t, stderr.String(), c.report)
		})
	}
	require.Equal(t, 2, run(t.Context(), nil, io.Discard, io.Discard))
	require.Equal(t, 2, run(t.Context(), []string{"testdata/none.csv"}, io.Discard, io.Discard))
}

func TestCtrlCIsNotContinuedPast(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr strings.Builder
	require.Equal(t, 2, run(ctx, []string{"testdata/customers.csv"}, &stdout, &stderr))
	require.Empty(t, stdout.String())
	require.Contains(t, stderr.String(), "not all rows were read: context canceled")
}

func TestAFileThatCantBeReadToItsEnd(t *testing.T) {
	broken := errors.New("broken")
	_, err := newPlan(csv.NewReader(io.MultiReader(
		strings.NewReader("name,email,country,credit\nAda,ada@example.com,GB,1\n"), iotest.ErrReader(broken))))
	require.ErrorIs(t, err, broken)
}

func TestManyRows(t *testing.T) {
	const n = 10_000
	var file strings.Builder
	file.WriteString("name,email,country,credit\n")
	for i := range n {
		fmt.Fprintf(&file, "Ada,%d@example.com,GB,1\n", i)
	}
	plan, err := newPlan(csv.NewReader(strings.NewReader(file.String())))
	require.NoError(t, err)
	target := Target{Out: json.NewEncoder(io.Discard), Known: map[string]bool{}}
	_, err = runner.NewSync(plan).Run(t.Context(), target)
	require.NoError(t, err)
	require.Len(t, target.Known, n)
}
