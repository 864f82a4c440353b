// Command checkout sells things: it runs a file of orders, several at once, through a saga against three
// HTTP services that fail now and then, and proves from the services' books that nothing leaked.
//
//	go run ./examples/checkout -seed 1 examples/checkout/orders.jsonl
//
// Each line of the input is an order as JSON; without a file, or with "-", they come from standard input.
// An order is a plan of three steps (see shop/plan.go): reserve the pieces, hold the money, book the parcel. When
// one of them fails for good, what was done is undone. A line that is no order is reported and does
// not stop the rest. Ctrl-C stops reading; the orders under way are undone.
//
// The exit status tells whether all went well:
//
//	0  every line was an order, each succeeded or was cleanly undone, and the books balance
//	1  a person must look: malformed lines, stuck orders (an undo failed), or an interruption
//	2  the run can't be trusted: wrong usage, unreadable input, a result that could not be written,
//	   or a leak in the books
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/taskchain-go/taskchain/examples/checkout/services"
	"github.com/taskchain-go/taskchain/examples/checkout/shop"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. It returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	cfg, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return allWell
	case err != nil:
		return untrusted
	}
	status, err := checkout(ctx, cfg, stdin, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "checkout:", err)
		return untrusted
	}
	return status
}

// checkout sells what the input orders and prints the report. The error is what kept it from that.
func checkout(ctx context.Context, cfg config, stdin io.Reader, stdout, stderr io.Writer) (status int, err error) {
	in, err := cfg.open(stdin, stderr)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	files, err := openArchive(cfg.out)
	if err != nil {
		return 0, err
	}
	defer files.close()
	shown, err := openArchive(cfg.report)
	if err != nil {
		return 0, err
	}
	defer shown.close()
	world, err := services.Start(cfg.faults())
	if err != nil {
		return 0, err
	}
	defer world.Close()
	store := shop.New(world.StockURL, world.PaymentURL, world.ShippingURL, cfg.parallel)
	defer store.Close()
	plan, err := shop.NewPlan(store, cfg.timeout)
	if err != nil {
		return 0, err
	}

	j := newJob(cfg, plan, files, newPages(plan, shown), newProgress(stderr, cfg.quiet))
	unread := j.run(ctx, in)
	return j.report(ctx, world.Books(), unread).print(stdout)
}
