package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/examples/checkout/services"
	"github.com/taskchain-go/taskchain/examples/checkout/shop"
)

// A report is what is printed at the end. But for the timings it depends on the input and the seed only,
// unless orders compete for the last pieces or a -timeout is near the time of a call.
type report struct {
	cfg         config
	plan        *builder.Plan[shop.Order]
	tally       *tally
	books       services.Books
	audit       services.Audit
	interrupted bool
	unread      error // what ended the reading early
}

// print writes the report and returns the exit status.
func (r report) print(w io.Writer) (status int, err error) {
	var b bytes.Buffer
	r.printCounts(&b)
	r.printRetries(&b)
	r.printSlowest(&b)
	r.printTrace(&b)
	r.printProof(&b)
	status, verdict := r.verdict()
	fmt.Fprintf(&b, "\n%s\n", verdict)
	if _, err := b.WriteTo(w); err != nil {
		return untrusted, fmt.Errorf("writing the report: %w", err)
	}
	return status, nil
}

func (r report) printCounts(w io.Writer) {
	t := r.tally
	fmt.Fprintf(w, "checkout: %s read, seed %d\n\n", count(t.orders+len(t.badLines), "line"), r.cfg.seed)
	fmt.Fprintf(w, "%6d succeeded\n", len(t.succeeded))
	fmt.Fprintf(w, "%6d compensated\n", total(t.compensated))
	for _, reason := range byCount(t.compensated) {
		fmt.Fprintf(w, "%12d %s\n", t.compensated[reason], reason)
	}
	fmt.Fprintf(w, "%6d stuck\n", len(t.stuck))
	fmt.Fprintf(w, "%6d malformed%s\n", len(t.badLines), lines(t.badLines))
}

func (r report) printRetries(w io.Writer) {
	fmt.Fprintf(w, "\n%6d retries\n", total(r.tally.retries))
	for _, step := range byCount(r.tally.retries) {
		fmt.Fprintf(w, "%12d %s\n", r.tally.retries[step], step)
	}
}

func (r report) printSlowest(w io.Writer) {
	if !r.cfg.timings || len(r.tally.slowest) == 0 {
		return
	}
	fmt.Fprintln(w, "\nslowest steps")
	for _, s := range r.tally.slowest {
		fmt.Fprintf(w, "%12s  %s of %s, %s\n", s.took.Round(time.Millisecond), s.step, s.order, count(s.attempts, "attempt"))
	}
}

// printTrace prints one order's timeline, and the plan with what became of each step.
func (r report) printTrace(w io.Writer) {
	if r.cfg.trace == "" {
		return
	}
	exec := r.tally.traced
	if exec == nil {
		fmt.Fprintf(w, "\nno order %q was run\n", r.cfg.trace)
		return
	}
	fmt.Fprintf(w, "\norder %s\n\n%s\n%s", exec.ID, exec.Trace(), r.plan.Picture(exec.Marks()))
}

// printProof compares what the services hold with what was sold.
func (r report) printProof(w io.Writer) {
	fmt.Fprintf(w, "\nthe services' books\n%12s reserved\n%12s held\n%12s booked\n",
		count(r.pieces(), "piece"), r.money(), count(len(r.books.Shipping.Held), "parcel"))
	for _, s := range r.audit.Stuck {
		fmt.Fprintf(w, "to be looked at: %s\n", s)
	}
	for _, d := range r.audit.Discrepancies {
		fmt.Fprintf(w, "LEAK: %s\n", d)
	}
	if r.audit.OK() {
		fmt.Fprintf(w, "nothing leaked: this is what belongs to the %s\n", r.owners())
	}
}

func (r report) owners() string {
	owners := count(len(r.tally.succeeded), "order") + " that succeeded"
	if n := len(r.tally.stuck); n > 0 {
		owners += fmt.Sprintf(" and the %d stuck", n)
	}
	return owners
}

func (r report) pieces() (n int) {
	for _, held := range r.books.Stock.Held {
		n += total(held)
	}
	return n
}

func (r report) money() string {
	var cents int64
	for _, held := range r.books.Payment.Held {
		cents += held
	}
	return fmt.Sprintf("%d.%02d", cents/100, cents%100)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func total(counts map[string]int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// byCount is the keys, those that count most first.
func byCount(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// lines names lines by their numbers, but not without end: each was reported when it was met.
func lines(numbers []int) string {
	if len(numbers) == 0 {
		return ""
	}
	const most = 12
	var words []string
	for _, n := range numbers[:min(len(numbers), most)] {
		words = append(words, fmt.Sprint(n))
	}
	if len(numbers) > most {
		words = append(words, "…")
	}
	return ": lines " + strings.Join(words, ", ")
}
