// Import takes customers from a CSV file and writes those it accepts to standard
// output, as JSON lines; those it can't accept are listed with their line and
// the reason.
//
//	go run ./examples/import examples/import/testdata/customers.csv
//
// Each row is a step, so the plan is built in a loop, and policy.Continue goes
// on past a bad one. The exit status is 0 if every row went in, 1 if some did
// not, 2 if nothing could be done.
package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"os"
	"os/signal"
	"slices"
	"strconv"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

var columns = []string{"name", "email", "country", "credit"}

// Customer is a row that was accepted.
type Customer struct {
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	Country string  `json:"country"`
	Credit  float64 `json:"credit"`
}

// Target is where customers go. It knows each by the e-mail.
type Target struct {
	Out   *json.Encoder
	Known map[string]bool
}

// Add puts one in.
func (t *Target) Add(c Customer) error {
	if t.Known[c.Email] {
		return fmt.Errorf("%s is already a customer", c.Email)
	}
	if err := t.Out.Encode(c); err != nil {
		return err
	}
	t.Known[c.Email] = true
	return nil
}

// newPlan makes a step of every row. It calls no row bad: that is the steps'.
func newPlan(rows *csv.Reader) (*builder.Plan[Target], error) {
	header, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if !slices.Equal(header, columns) {
		return nil, fmt.Errorf("header: %q instead of %q", header, columns)
	}
	// readme:begin loop
	b := chain.New[Target]().Named("import").OnFailure(policy.Continue)
	for {
		row, err := rows.Read()
		switch _, badRow := errors.AsType[*csv.ParseError](err); {
		case err == io.EOF:
			return b.Build()
		case err != nil && !badRow:
			return nil, err // the file can't be read any further
		}
		b = b.Step("line "+line(rows, err), func(_ context.Context, t *Target) error {
			if err != nil {
				return err
			}
			customer, err := parse(row)
			if err != nil {
				return err
			}
			return t.Add(customer)
		}).Builder
	}
	// readme:end loop
}

// line is where the row that was just read begins, a bad one included.
func line(rows *csv.Reader, err error) string {
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		return strconv.Itoa(bad.StartLine)
	}
	n, _ := rows.FieldPos(0)
	return strconv.Itoa(n)
}

func parse(row []string) (Customer, error) {
	c := Customer{Name: row[0], Email: row[1], Country: row[2]}
	if c.Name == "" {
		return c, errors.New("no name")
	}
	if _, err := mail.ParseAddress(c.Email); err != nil {
		return c, fmt.Errorf("email %q: %w", c.Email, err)
	}
	if len(c.Country) != 2 {
		return c, fmt.Errorf("country %q: two letters are needed", c.Country)
	}
	var err error
	if c.Credit, err = strconv.ParseFloat(row[3], 64); err != nil || !(c.Credit >= 0) {
		return c, fmt.Errorf("credit %q: an amount is needed", row[3])
	}
	return c, nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "usage: import FILE.csv >customers.jsonl")
		return 2
	}
	file, err := os.Open(args[0])
	if err != nil {
		fmt.Fprintln(stderr, "import:", err)
		return 2
	}
	defer file.Close()
	plan, err := newPlan(csv.NewReader(file))
	if err != nil {
		fmt.Fprintf(stderr, "import: %s: %v\n", args[0], err)
		return 2
	}

	target := Target{Out: json.NewEncoder(stdout), Known: map[string]bool{}}
	out, err := runner.NewSync(plan).Run(ctx, target)
	fmt.Fprintf(stderr, "%d went in, %d did not.\n", len(target.Known), len(out.Failures))
	for _, failure := range out.Failures {
		fmt.Fprintf(stderr, "  %s: %v\n", failure.Path, failure.Err)
	}
	switch {
	case err == nil:
		return 0
	case out.Status == chain.Partial: // to the end, past the bad rows
		return 1
	default: // stopped before the end, as by Ctrl-C
		fmt.Fprintln(stderr, "import: not all rows were read:", context.Cause(ctx))
		return 2
	}
}
