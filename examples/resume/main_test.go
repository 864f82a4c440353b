package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/internal/golden"
)

// In a process with this variable set, the test binary is the program itself.
const asProgram = "TASKCHAIN_EXAMPLE_RESUME"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func program(t *testing.T, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// process runs the program to its end.
func process(t *testing.T, status int, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := program(t, args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // what became of it is in its exit code
	require.Equal(t, status, cmd.ProcessState.ExitCode(), "%s%s", &out, &errs)
	return out.String(), errs.String()
}

// timeless leaves out what differs from run to run.
func timeless(text string) string {
	text = regexp.MustCompile(`\b[0-9A-Z]{26}\b`).ReplaceAllString(text, "ID")
	return regexp.MustCompile(`  (\d attempts, )?[0-9.]+[nµm]?s\n`).ReplaceAllString(text, "  ${1}T\n")
}

func approve(t *testing.T, file string) {
	require.NoError(t, os.WriteFile(file+".approved", nil, 0o600))
}

// effects is the steps that left a line in the file, all with a key of one
// execution.
func effects(t *testing.T, file string) (id string, steps []string) {
	doc, err := os.ReadFile(file + ".effects")
	require.NoError(t, err)
	for key := range strings.Lines(string(doc)) {
		execution, step, _ := strings.Cut(strings.TrimSpace(key), "/")
		require.Contains(t, []string{"", execution}, id)
		id, steps = execution, append(steps, step)
	}
	return id, steps
}

func TestTwoProcessesDoEachStepOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "invoice.json")

	first, why := process(t, 1, "start", file)
	require.Contains(t, why, `step "approve" failed after 3 attempts: not approved yet`)
	id, steps := effects(t, file)
	require.Equal(t, []string{"number", "book"}, steps)

	approve(t, file)
	second, _ := process(t, 0, "resume", file)
	sameID, steps := effects(t, file)
	require.Equal(t, id, sameID)
	require.Equal(t, []string{"number", "book", "approve", "pay", "archive"}, steps)

	// The step that was attempted in both processes had one key in both.
	require.Contains(t, first, id+"/approve\n")
	require.Contains(t, second, id+"/approve\n")
	golden.Check(t, "testdata/start.golden", timeless(first))
	golden.Check(t, "testdata/resume.golden", timeless(second))

	// There is nothing left to do, and the file stays as it is.
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	_, why = process(t, 2, "resume", file)
	require.Contains(t, why, "the execution is finished")
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.JSONEq(t, string(before), string(after))
	_, steps = effects(t, file)
	require.Len(t, steps, 5)
}

func TestCtrlCStopsAndResumeCarriesOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "invoice.json")
	cmd := program(t, "start", file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if strings.HasSuffix(lines.Text(), "/approve") {
			require.NoError(t, cmd.Process.Signal(os.Interrupt))
		}
	}
	_ = cmd.Wait()
	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	require.Contains(t, stderr.String(), "interrupt")
	id, steps := effects(t, file)
	require.Equal(t, []string{"number", "book"}, steps)

	approve(t, file)
	process(t, 0, "resume", file)
	sameID, steps := effects(t, file)
	require.Equal(t, id, sameID)
	require.Equal(t, []string{"number", "book", "approve", "pay", "archive"}, steps)
}

func TestWhatCantBeDone(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there.json")
	require.NoError(t, os.WriteFile(there, []byte(`{"version":`), 0o600))
	for _, c := range []struct {
		args []string
		why  string
	}{
		{nil, "usage"},
		{[]string{"stop", there}, `unknown command "stop"`},
		{[]string{"start", there}, "is there already"},
		{[]string{"start", filepath.Join(dir, "none", "x.json")}, "no such file"},
		{[]string{"resume", there}, "taskchain: decode"},
		{[]string{"resume", filepath.Join(dir, "none.json")}, "no such file"},
	} {
		require.ErrorContains(t, run(t.Context(), c.args, new(strings.Builder)), c.why)
	}
}
