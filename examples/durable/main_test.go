package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// In a process with this variable set, the test binary is the program itself.
const asProgram = "TASKCHAIN_EXAMPLE_DURABLE"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// shipped is a file of which 186 orders can be sold, 43 can't, and 11 lines are none.
const shipped = "../checkout/orders.jsonl"

// allSold is what is said when all that can be sold is.
func allSold(t *testing.T) string {
	text, err := os.ReadFile("testdata/sold.golden")
	require.NoError(t, err)
	return string(text)
}

// A store is a folder with open services.
type store struct {
	*testing.T
	dir string
}

func openStore(t *testing.T, flags ...string) store {
	s := store{t, t.TempDir()}
	s.open(flags...)
	return s
}

func (s store) open(flags ...string) {
	cmd := s.program("services", flags...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(s, err)
	require.NoError(s, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(s, err)
	require.Equal(s, "the services are open\n", line)
	s.Cleanup(func() {
		s.do(allWell, "stop")
		require.NoError(s, cmd.Wait())
		require.NoFileExists(s, addressFile(s.dir))
	})
}

func (s store) program(command string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append([]string{command, "-dir", s.dir}, args...)...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// do runs a command to its end.
func (s store) do(status int, command string, args ...string) (stdout, stderr string) {
	s.Helper()
	var out, errs bytes.Buffer
	cmd := s.program(command, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // what became of it is in its exit code
	require.Equal(s, status, cmd.ProcessState.ExitCode(), "%s%s", &out, &errs)
	return out.String(), errs.String()
}

const killed = -1 // in place of an exit status

// file is a file with one order.
func (s store) file(id, card, address string) string {
	path := filepath.Join(s.TempDir(), "orders.jsonl")
	line := fmt.Sprintf(`{"id":%q,"customer":"Ada","sku":"mug","quantity":1,"amount":1250,"card":%q,"address":%q}`, id, card, address)
	require.NoError(s, os.WriteFile(path, []byte(line), 0o600))
	return path
}

func TestKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range 8 {
		at := fmt.Sprint(1 + random.IntN(80)) // there are more than 700 attempts
		out, _ := s.do(killed, "run", "-kill-at", at, shipped)
		require.NotContains(t, out, "nothing leaked", "of run %d", i)
	}
	out, _ := s.do(mustLook, "run", shipped)
	require.Contains(t, out, "unfinished orders carried on\n")
	require.True(t, strings.HasSuffix(out, allSold(t)), out)

	out, malformed := s.do(mustLook, "run", shipped)
	require.Equal(t, "0 unfinished orders carried on\n"+allSold(t), out, "no order is sold twice")
	require.Equal(t, 11, strings.Count(malformed, "\n"))
	out, _ = s.do(allWell, "books")
	require.Equal(t, allSold(t), out)
}

// An interruption is no failure: nothing is undone for it.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	cmd := s.program("run", shipped)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(stdout)
	_, err = lines.ReadString('\n') // it has begun
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_, err = io.Copy(io.Discard, lines)
	require.NoError(t, err)
	require.Error(t, cmd.Wait())
	require.Equal(t, mustLook, cmd.ProcessState.ExitCode())

	s.do(allWell, "recover")
	out, _ := s.do(mustLook, "run", shipped)
	require.True(t, strings.HasSuffix(out, allSold(t)), out)
}

// Who comes before the services waits for them, and is told how to open them.
func TestBeforeTheServices(t *testing.T) {
	t.Parallel()
	s := store{t, t.TempDir()}
	cmd := s.program("run", s.file("o-1", "visa", "Ireland"))
	var out bytes.Buffer
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(stderr).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "durable: waiting for the services; to open them: durable services -dir "+s.dir+"\n", line)
	s.open()
	require.NoError(t, cmd.Wait())
	require.Contains(t, out.String(), "1 orders succeeded")
}

func TestOperation(t *testing.T) {
	t.Parallel()
	s := openStore(t, "-stuck")
	out, _ := s.do(mustLook, "run", s.file("o-1", "no-refunds", "Moon"))
	require.Contains(t, out, "0 orders succeeded, 0 compensated, 1 stuck, 0 unfinished\nnothing leaked")
	out, _ = s.do(allWell, "list", "-status", "stuck", "-plan", "checkout")
	require.Regexp(t, `^o-1  checkout  stuck  \S+ \S+\n$`, out)
	out, _ = s.do(allWell, "list", "-older", "24h")
	require.Empty(t, out)
	out, _ = s.do(mustLook, "retry", "o-1")
	require.Equal(t, "o-1 stuck\n", out)
	out, _ = s.do(allWell, "get", "o-1")
	require.Contains(t, out, "payment: 500 Internal Server Error: this card takes no refunds")
	_, errs := s.do(untrusted, "cancel", "o-1")
	require.Contains(t, errs, "execution o-1 has ended, it is stuck")

	s.do(killed, "run", "-kill-at", "2", s.file("o-2", "visa", "Ireland"))
	out, _ = s.do(mustLook, "books")
	require.Contains(t, out, "0 orders succeeded, 0 compensated, 1 stuck, 1 unfinished")
	_, errs = s.do(untrusted, "forget", "o-2")
	require.Contains(t, errs, "execution o-2 is unfinished, it is running: cancel it, or wait for its end")
	out, _ = s.do(allWell, "cancel", "o-2")
	require.Equal(t, "o-2 compensated\n", out)
	s.do(allWell, "forget", "o-2")
	_, errs = s.do(untrusted, "get", "o-2")
	require.Contains(t, errs, "unknown execution: o-2")
}

// What is held for an order that nobody knows of is a leak.
func TestALeakIsNamed(t *testing.T) {
	t.Parallel()
	s := openStore(t)
	s.do(allWell, "run", s.file("o-1", "visa", "Ireland"))
	s.do(allWell, "forget", "o-1")
	out, _ := s.do(untrusted, "books")
	require.Contains(t, out, "LEAK: payment holds 12.50 for order o-1, which did not succeed\n")
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	s := store{t, t.TempDir()}
	_, errs := s.do(untrusted, "sell")
	require.Contains(t, errs, `there is no command "sell"`)
	_, errs = s.do(untrusted, "run")
	require.Contains(t, errs, "run: 0 arguments, want 1")
	_, errs = s.do(untrusted, "run", "missing.jsonl") // and does not wait for services first
	require.Contains(t, errs, "durable: open missing.jsonl: no such file")
	_, errs = s.do(untrusted, "run", "-parallel", "0", "x")
	require.Contains(t, errs, "-parallel is 0")
	_, errs = s.do(untrusted, "list", "-status", "lost")
	require.Contains(t, errs, "lost")
	_, errs = s.do(untrusted, "books")
	require.Contains(t, errs, "services.json")
	_, errs = store{t, ""}.do(untrusted, "list")
	require.Contains(t, errs, "-dir is missing")
	out, _ := s.do(allWell, "list")
	require.Empty(t, out)
	_, errs = s.do(allWell, "run", "-h")
	require.Contains(t, errs, "-kill-at")
	_, errs = s.do(allWell, "help")
	require.Contains(t, errs, "services")
}
