// Command durable is the checkout as a program that may die at any moment: what it
// does is written to a folder before it goes on, and when it is started again it
// carries on every order where it stood. The services, which have the books, are a
// process of their own.
//
//	go run ./examples/durable services -dir DIR &
//	go run ./examples/durable run -dir DIR examples/checkout/orders.jsonl
//
// Kill the second one as often as you like, and start it again. At the end it
// compares the orders with the services' books. An order's number is the ID of its
// execution, so that the same file can be given again: no order is sold twice.
//
// Ctrl-C is no failure either: the attempts under way are waited for, and nothing is
// undone. The other commands look at single orders and operate on them; like run,
// they need the folder for themselves.
//
// The exit status tells whether all went well:
//
//	0  every order has ended well or was cleanly undone, and the books agree
//	1  a person must look: malformed lines, stuck or unfinished orders
//	2  what was asked for could not be done, or the books leak
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"
)

const (
	allWell   = 0
	mustLook  = 1 // a person must
	untrusted = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// A command is what the first argument names.
type command struct {
	name, args, does string
	run              func(context.Context, *call) (status int, err error)
}

var commands = []command{
	{"services", "", "serve stock, payment and shipping until stop or Ctrl-C", serveServices},
	{"run", "ORDERS.jsonl", "carry on what is unfinished, and sell these orders", runOrders},
	{"recover", "", "carry on what is unfinished", recoverOrders},
	{"list", "", "list the orders", listOrders},
	{"get", "ID", "show what happened to an order", getOrder},
	{"cancel", "ID", "end an unfinished order, and undo it", cancelOrder},
	{"retry", "ID", "try a stuck order again", retryOrder},
	{"forget", "ID", "forget an order that has ended", forgetOrder},
	{"books", "", "compare the services' books with the orders", checkBooks},
	{"stop", "", "end the services", stopServices},
}

// A call is one call of a command: its flags, and where it prints.
type call struct {
	flags          *flag.FlagSet
	stdout, stderr io.Writer

	dir      string
	seed     uint64
	stuck    bool
	parallel int
	killAt   int64
	query    query
}

// run is the program. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return untrusted
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.call(ctx, args[1:], stdout, stderr)
		}
	}
	usage(stderr)
	if args[0] == "-h" || args[0] == "-help" || args[0] == "help" {
		return allWell
	}
	fmt.Fprintf(stderr, "durable: there is no command %q\n", args[0])
	return untrusted
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: durable COMMAND -dir DIR [flags] [argument]\n\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range commands {
		fmt.Fprintf(table, "  %s %s\t%s\n", c.name, c.args, c.does)
	}
	_ = table.Flush() // w is the terminal
}

func (c command) call(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &call{flags: flag.NewFlagSet("durable "+c.name, flag.ContinueOnError), stdout: stdout, stderr: stderr}
	a.flags.SetOutput(stderr)
	a.flags.StringVar(&a.dir, "dir", "", "the `folder` of the orders, made if there is none")
	switch c.name {
	case "services":
		a.flags.Uint64Var(&a.seed, "seed", 1, "`N` decides which calls fail")
		a.flags.BoolVar(&a.stuck, "stuck", false, `refunds to the card "no-refunds" fail for good`)
	case "run", "recover":
		a.flags.IntVar(&a.parallel, "parallel", 16, "run up to `N` orders at once")
		a.flags.Int64Var(&a.killAt, "kill-at", 0, "kill this process in the midst of its `N`th attempt at a step")
	case "list":
		a.query.flags(a.flags)
	}
	err := a.flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return allWell
	}
	if err != nil {
		return untrusted
	}
	status, err := untrusted, a.check(c)
	if err == nil {
		status, err = c.run(ctx, a)
	}
	if err != nil {
		fmt.Fprintln(stderr, "durable:", err)
		return untrusted
	}
	return status
}

func (a *call) check(c command) error {
	want := 0
	if c.args != "" {
		want = 1
	}
	switch {
	case a.dir == "":
		return errors.New("-dir is missing")
	case a.flags.NArg() != want:
		return fmt.Errorf("%s: %d arguments, want %d; flags stand before them", c.name, a.flags.NArg(), want)
	case (c.name == "run" || c.name == "recover") && a.parallel < 1:
		return fmt.Errorf("-parallel is %d, less than 1", a.parallel)
	}
	return nil
}

func (a *call) say(format string, args ...any) { fmt.Fprintf(a.stdout, format+"\n", args...) }
