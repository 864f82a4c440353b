package temporal_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	plans "github.com/taskchain-go/taskchain/runner/temporal"
)

// server is Temporal's own development server, one for all tests, or why there
// is none.
var (
	server   *testsuite.DevServer
	noServer error
)

func TestMain(m *testing.M) {
	if os.Getenv(victimAddress) != "" {
		beVictim()
		return
	}
	if os.Getenv(replayAlways) != "" {
		worker.SetStickyWorkflowCacheSize(0)
	}
	server, noServer = startServer()
	code := m.Run()
	if server != nil {
		_ = server.Stop()
	}
	os.Exit(code)
}

// replayAlways has workers forget executions after each task, and replay them for
// the next.
const replayAlways = "TEMPORAL_TEST_REPLAY"

// required is set where the tests must not be skipped.
func required() bool { return os.Getenv("TEMPORAL_REQUIRED") != "" }

func serverPath() (string, error) {
	cmd := exec.Command("../../scripts/temporal-server", "--cached")
	if required() {
		cmd = exec.Command("../../scripts/temporal-server")
	}
	var said strings.Builder
	cmd.Stderr = &said
	path, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("no Temporal server: %w: %s", err, said.String())
	}
	return strings.TrimSpace(string(path)), nil
}

func startServer() (*testsuite.DevServer, error) { return serve(client.Options{}, "") }

// serve starts a server, which keeps what it knows in a file if it is given one.
func serve(o client.Options, file string) (*testsuite.DevServer, error) {
	path, err := serverPath()
	if err != nil {
		return nil, err
	}
	o.Logger = quiet()
	return testsuite.StartDevServer(context.Background(), testsuite.DevServerOptions{
		ExistingPath:  path,
		LogLevel:      "error",
		ClientOptions: &o,
		DBFilename:    file,
		SearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(plans.PlanAttribute).ValueSet(""),
			temporal.NewSearchAttributeKeyKeyword(plans.StatusAttribute).ValueSet(""),
			temporal.NewSearchAttributeKeyKeyword("Tenant").ValueSet(""), // a user's
		),
		ExtraArgs: []string{
			"--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000", // or every latency is this limit's
			"--dynamic-config-value", "matching.numTaskqueueReadPartitions=1", // or a task waits now and then, for 2 s, in a
			"--dynamic-config-value", "matching.numTaskqueueWritePartitions=1", // partition that nobody polls
			"--dynamic-config-value", `history.workflowIdReuseMinimalInterval="1ms"`, // or a short history is waited for
		},
		Stdout: io.Discard,
		Stderr: io.Discard,
	})
}

// quiet is a logger of the SDK's, which reports each failing step as an error.
func quiet() log.Logger {
	if os.Getenv("TEMPORAL_LOG") != "" {
		return log.NewStructuredLogger(slog.Default())
	}
	return log.NewStructuredLogger(slog.New(slog.DiscardHandler))
}

// dial is a client of the server's, or skips the test.
func dial(t testing.TB) client.Client {
	t.Helper()
	if noServer != nil {
		if required() {
			require.NoError(t, noServer)
		}
		t.Skip(noServer)
	}
	return server.Client()
}
