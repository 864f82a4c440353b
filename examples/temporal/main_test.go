package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
)

// The environment of a process that is a worker, to be killed.
const (
	workerOf = "EXAMPLE_TEST_ADDRESS"
	workerIn = "EXAMPLE_TEST_DIR"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(deserterOf); address != "" {
		beDeserter(address)
		return
	}
	if address := os.Getenv(workerOf); address != "" {
		if err := run(context.Background(), []string{"worker", "-address", address, "-dir", os.Getenv(workerIn)}, io.Discard); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// serverPath skips the test where there is no server.
func serverPath(t *testing.T) string {
	t.Helper()
	args := []string{"--cached"}
	if os.Getenv("TEMPORAL_REQUIRED") != "" {
		args = nil
	}
	path, err := exec.CommandContext(t.Context(), "../../scripts/temporal-server", args...).Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && args != nil {
		t.Skip("no Temporal server: ", string(failed.Stderr))
	}
	require.NoError(t, err)
	return strings.TrimSpace(string(path))
}

// serve starts a server, as the README says, and returns its address.
func serve(t *testing.T) string {
	t.Helper()
	server, err := testsuite.StartDevServer(t.Context(), testsuite.DevServerOptions{
		ExistingPath: serverPath(t), LogLevel: "error", Stdout: io.Discard, Stderr: io.Discard,
		ExtraArgs: []string{"--search-attribute", "TaskchainPlan=Keyword", "--search-attribute", "TaskchainStatus=Keyword"},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	return server.FrontendHostPort()
}

// Workers are killed at random while the orders are executed, and nothing leaks.
func TestKilledWorkersLeakNothing(t *testing.T) {
	address, dir := serve(t), t.TempDir()
	hire := func() *exec.Cmd {
		w := exec.Command(os.Args[0])
		w.Env = append(os.Environ(), workerOf+"="+address, workerIn+"="+dir)
		require.NoError(t, w.Start())
		return w
	}
	fire := func(w *exec.Cmd) {
		require.NoError(t, w.Process.Kill())
		_ = w.Wait()
	}
	workers := []*exec.Cmd{hire(), hire()}
	var out bytes.Buffer
	done := make(chan error)
	go func() {
		done <- run(t.Context(), []string{"start", "-address", address, "-dir", dir, "../checkout/orders.jsonl"}, &out)
	}()
	for killed := 0; ; {
		select {
		case err := <-done:
			for _, w := range workers {
				fire(w)
			}
			require.EqualError(t, err, "11 lines are no orders")
			require.Contains(t, out.String(), "229 orders started; workers ")
			require.NotContains(t, out.String(), "\n0 succeeded")
			require.NotContains(t, out.String(), " 0 compensated")
			require.Contains(t, out.String(), " 0 stuck\nthe books balance\n")
			t.Logf("%d workers were killed: %s", killed, out.String())
			return
		case <-time.After(time.Duration(200+rand.IntN(800)) * time.Millisecond):
			if killed < 10 {
				i := rand.IntN(len(workers))
				fire(workers[i])
				workers[i] = hire()
				killed++
			}
		}
	}
}
