// Command peerbench makes the tables of BENCHMARKS.md: this library, loops
// written by hand and other libraries at the same work on the same machine, and
// whether the targets are met.
//
//	cd runner/peerbench && go run .
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"testing"
	"time"
)

func main() {
	testing.Init()
	if err := run(os.Stdout, os.Stderr, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peerbench:", err)
		os.Exit(1)
	}
}

func run(out, progress io.Writer, args []string) error {
	flags := flag.NewFlagSet("peerbench", flag.ContinueOnError)
	flags.SetOutput(progress)
	rounds := flags.Int("rounds", 15, "how often each contender is measured; the medians are shown")
	benchtime := flags.String("benchtime", "50ms", "how long each time, as go test -benchtime has it")
	executions := flags.Int("executions", 1000, "how many executions are kept to see what memory one keeps; 0 leaves that out")
	only := flags.String("work", "", "only the work whose name matches this regular expression")
	if err := flags.Parse(args); err != nil {
		return err
	}
	matches, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if *rounds < 1 {
		return fmt.Errorf("-rounds must be at least 1, got %d", *rounds)
	}
	if err := flag.Set("test.benchtime", *benchtime); err != nil {
		return fmt.Errorf("-benchtime: %w", err)
	}

	begin := time.Now()
	fmt.Fprint(out, environment(), fmt.Sprintf("- %d rounds of %s each\n", *rounds, *benchtime))
	var all report
	for w := range works {
		if !matches.MatchString(w.name) {
			continue
		}
		fmt.Fprintln(progress, w.name, "…")
		measured, err := measure(w, *rounds)
		if err != nil {
			return err
		}
		all.results = append(all.results, measured)
		fmt.Fprint(out, "\n", all.table(measured))
	}
	if *executions > 0 && matches.MatchString(keptName) {
		fmt.Fprintln(progress, keptName, "…")
		if all.kept, err = measureKept(*executions); err != nil {
			return err
		}
		fmt.Fprint(out, "\n", all.keptTable())
	}
	fmt.Fprintf(out, "\n%s\n", all.summary())
	fmt.Fprintln(progress, "took", time.Since(begin).Round(time.Second))
	return nil
}
