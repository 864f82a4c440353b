// Mutate breaks the engine in small ways, one at a time, and looks whether the
// tests see it. It is run by hand, from the root of the module, and takes some
// seconds for each mutation:
//
//	go run ./scripts/mutate            # all
//	go run ./scripts/mutate 'retry'    # those whose description matches
//
// It works in a copy of the module, and prints the table that is in
// CONTRIBUTING.md. It fails if a mutation survives that is not explained.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A mutation is one way to break the code: a text that stands once in a file,
// and what takes its place.
type mutation struct {
	does     string
	file     string
	old, new string
	explain  string // why no test can see it, if none can
}

// The suite that every runner passes should see it. What that can't, because it
// knows only runners, the tests beside the code must.
var (
	suite  = []string{"runner/runnertest"} // on our own two runners
	others = []string{"runner", "runner/engine", "chain", "policy"}
)

var dry = flag.Bool("n", false, "only look whether the broken code builds")

func main() {
	flag.Parse()
	if err := run(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(pattern string) error {
	matches, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		return err
	}
	if failed, out := test(dir, slices.Concat(suite, others)); len(failed) > 0 {
		return fmt.Errorf("the tests fail before anything is broken: %v\n%s", failed, out)
	}
	fmt.Println("| What is broken | Where | Caught by |")
	fmt.Println("|---|---|---|")
	var total, survived, untried, unexplained int
	for _, m := range mutations {
		if !matches.MatchString(m.does) {
			continue
		}
		failed, err := m.try(dir)
		total++
		if err != nil {
			untried++
			failed = []string{"**error**: " + strings.ReplaceAll(err.Error(), "\n", " ")}
		}
		verdict := strings.Join(failed, ", ")
		if len(failed) == 0 {
			survived++
			verdict = "**survived**: " + m.explain
			if m.explain == "" {
				unexplained++
			}
		}
		fmt.Printf("| %s | %s | %s |\n", m.does, m.file, verdict)
	}
	fmt.Printf("\n%d mutations, %d caught, %d survived.\n", total, total-survived-untried, survived)
	if unexplained+untried > 0 {
		return fmt.Errorf("%d survived without an explanation, or could not be tried", unexplained+untried)
	}
	return nil
}

// try breaks the copy of the module, tests it, and mends it again.
func (m mutation) try(dir string) (failed []string, err error) {
	file := filepath.Join(dir, m.file)
	right, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	wrong, err := m.apply(right)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, wrong, 0o600); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.WriteFile(file, right, 0o600)) }()
	if *dry {
		out, err := command(dir, "build", "./runner/...")
		if err != nil {
			return nil, fmt.Errorf("does not build: %s", out)
		}
		return []string{"not tested"}, nil
	}
	failed, out := test(dir, suite, "-run", "^Test(Sync|Async)$")
	if bytes.Contains(out, []byte("[build failed]")) {
		return nil, fmt.Errorf("does not build: %s", out)
	}
	if len(failed) == 0 {
		failed, _ = test(dir, others)
	}
	return failed, nil
}

func (m mutation) apply(right []byte) (wrong []byte, err error) {
	if n := bytes.Count(right, []byte(m.old)); n != 1 {
		return nil, fmt.Errorf("%s: the text to replace stands there %d times: %q", m.file, n, m.old)
	}
	return bytes.Replace(right, []byte(m.old), []byte(m.new), 1), nil
}

// test returns the packages whose tests fail or hang.
func test(dir string, packages []string, flags ...string) (failed []string, out []byte) {
	args := append([]string{"test", "-short", "-failfast", "-timeout", "60s", "-vet", "off"}, flags...)
	for _, p := range packages {
		args = append(args, "./"+p)
	}
	out, err := command(dir, args...)
	for _, p := range packages {
		if regexp.MustCompile(`(?m)^FAIL\s+\S+/` + p + `\s`).Match(out) {
			failed = append(failed, p)
		}
	}
	if err != nil && len(failed) == 0 {
		failed = []string{"the build"}
	}
	return failed, out
}

// command runs the go command in the copy, alone as a fresh clone is.
func command(dir string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	return cmd.CombinedOutput()
}
