// Command storebench makes the tables of BENCHMARKS.md that are about durable
// executions: this library, a table of steps written by hand on SQLite, and DBOS,
// at the same work on the same disk, as multiples of what that disk needs at
// least, and whether the targets are met.
//
//	cd runner/storebench && go run .
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"
)

func main() {
	if err := run(os.Stdout, os.Stderr, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "storebench:", err)
		os.Exit(1)
	}
}

// A setup is what the flags say.
type setup struct {
	rounds     int
	slice      time.Duration
	dir        string
	finished   int
	unfinished int
}

func run(out, progress io.Writer, args []string) (err error) {
	flags := flag.NewFlagSet("storebench", flag.ContinueOnError)
	flags.SetOutput(progress)
	var s setup
	flags.IntVar(&s.rounds, "rounds", 9, "how often each contender is measured; the medians are shown")
	flags.DurationVar(&s.slice, "benchtime", 400*time.Millisecond, "how long each time, at least")
	flags.StringVar(&s.dir, "dir", os.TempDir(), "a folder on the disk to be measured")
	flags.IntVar(&s.finished, "finished", 100_000, "how many finished executions there are to Recover")
	flags.IntVar(&s.unfinished, "unfinished", 1000, "how many unfinished ones")
	only := flags.String("work", "", "only the work whose name matches this regular expression")
	if err := flags.Parse(args); err != nil {
		return err
	}
	matches, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if s.rounds < 1 {
		return fmt.Errorf("-rounds must be at least 1, got %d", s.rounds)
	}
	disk, err := diskOf(s.dir)
	if err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp(s.dir, "storebench"); err != nil {
		return err
	}
	defer func() {
		if removed := os.RemoveAll(s.dir); err == nil {
			err = removed
		}
	}()

	begin := time.Now()
	fmt.Fprint(out, environment(), fmt.Sprintf("- disk: %s\n- %d rounds of %s each\n", disk, s.rounds, s.slice))
	var all verdicts
	for _, w := range works {
		if !matches.MatchString(w.name) {
			continue
		}
		fmt.Fprintln(progress, w.name, "…")
		table, verdicts, err := w.measure(s)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		all = append(all, verdicts...)
		fmt.Fprintf(out, "\n### %s\n\n%s", w.name, table)
	}
	fmt.Fprintf(out, "\n%s\n- load after: %s\n", all.summary(), load())
	fmt.Fprintln(progress, "took", time.Since(begin).Round(time.Second))
	return nil
}

// works is everything that is measured, in the order of the tables.
var works = []struct {
	name    string
	measure func(setup) (table string, targets verdicts, err error)
}{
	{"an execution of 10 steps, alone and 64 at once", measureThroughput},
	{"bytes that an execution writes", measureBytes},
	{"recover", measureRecover},
}
