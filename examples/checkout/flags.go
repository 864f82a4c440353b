package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"github.com/taskchain-go/taskchain/examples/checkout/services"
)

// config is what the command line says.
type config struct {
	input    string // a file, or "-" for standard input
	out      string // a folder, or "" for none
	report   string // a folder, or "" for none
	trace    string // an order's id, or ""
	seed     uint64
	parallel int
	timeout  time.Duration
	stuck    bool
	quiet    bool
	timings  bool
}

const usage = `usage: checkout [flags] [orders.jsonl]

Runs orders, one JSON object a line, through a saga against three services that fail now and then, and
proves from their books that nothing leaked. Without a file, or with "-", it reads standard input.

exit status:
  0  every line was an order, each succeeded or was cleanly undone, and the books balance
  1  a person must look: malformed lines, stuck orders, or an interruption
  2  wrong usage, unreadable input, a result that could not be written, or a leak in the books

flags:
`

// parseFlags reads the command line, and has told the user what is wrong with it when it returns an error.
func parseFlags(args []string, stderr io.Writer) (config, error) {
	var c config
	fs := flag.NewFlagSet("checkout", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, usage)
		fs.PrintDefaults()
	}
	fs.StringVar(&c.out, "out", "", "write each execution as JSON to `DIR`/<id>.json")
	fs.StringVar(&c.report, "report", "", "write a page for each order to `DIR`, and index.html over all of them")
	fs.StringVar(&c.trace, "trace", "", "print the timeline of the order with this `ID`")
	fs.Uint64Var(&c.seed, "seed", 0, "`N` decides which calls fail: the same N, the same run; 0 draws one")
	fs.IntVar(&c.parallel, "parallel", 16, "run up to `N` orders at once")
	fs.DurationVar(&c.timeout, "timeout", 2*time.Second, "end each attempt at a step after this `time`; slow answers take 100ms")
	fs.BoolVar(&c.stuck, "stuck", false, `refunds to the card "no-refunds" fail for good`)
	fs.BoolVar(&c.quiet, "quiet", false, "show no progress")
	fs.BoolVar(&c.timings, "timings", true, "report how long things took")
	if err := fs.Parse(args); err != nil {
		return c, err
	}
	if err := c.complete(fs.Args()); err != nil {
		fmt.Fprintf(stderr, "checkout: %v (-h for help)\n", err)
		return c, err
	}
	return c, nil
}

// complete checks the flags and fills in what they leave open.
func (c *config) complete(files []string) error {
	switch {
	case len(files) > 1:
		return fmt.Errorf("more than one file: %q; flags stand before the file", files)
	case c.parallel < 1:
		return fmt.Errorf("-parallel is %d, less than 1", c.parallel)
	case c.timeout <= 0:
		return errors.New("-timeout is not above 0")
	}
	c.input = "-"
	if len(files) == 1 {
		c.input = files[0]
	}
	if c.seed == 0 {
		c.seed = 1 + rand.Uint64N(1_000_000) // short, to be typed again
	}
	return nil
}

// faults says how the services fail.
func (c config) faults() services.Faults {
	f := services.DefaultFaults(c.seed)
	f.Stuck = c.stuck
	return f
}

// open opens the input.
func (c config) open(stdin io.Reader, stderr io.Writer) (io.ReadCloser, error) {
	if c.input != "-" {
		return os.Open(c.input)
	}
	if isTerminal(stdin) {
		fmt.Fprintln(stderr, "checkout: reading orders from the terminal; to read a file, give its name")
	}
	return io.NopCloser(stdin), nil
}

// isTerminal tells whether x is a file that a person looks at.
func isTerminal(x any) bool {
	f, ok := x.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
