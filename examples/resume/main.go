// Resume stops an execution half-way and carries on with it in another process.
//
//	go run ./examples/resume start invoice.json
//	touch invoice.json.approved
//	go run ./examples/resume resume invoice.json
//
// An invoice is numbered, booked and, once somebody has approved it, paid. The
// approval is a file. Start waits for it for a second, then stops; Ctrl-C stops
// it sooner. Either way invoice.json holds the execution, and resume goes on
// from there. Each step leaves a line in invoice.json.effects: none is there
// twice. The exit status is 0 if the invoice is done with, 1 if the execution
// has stopped, 2 if nothing could be done.
//
// The execution is stored when the runner has stopped. To carry on after a
// crash, too, store it after each step.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// Invoice is what the steps work on. It is stored with the execution.
type Invoice struct {
	Number int  `json:"number"`
	Paid   bool `json:"paid"`
}

var errNotApproved = errors.New("not approved yet")

func newPlan(office Office) (*builder.Plan[Invoice], error) {
	return chain.New[Invoice]().Named("invoice").
		Step("number", office.Number).
		Step("book", office.Book).

		// Asked three times; then the execution stops.
		Step("approve", office.Approve).
		Retry(policy.Fixed(3, 500*time.Millisecond).RetryOn(policy.Is(errNotApproved))).

		// Nothing before this is done again when the execution is resumed.
		Step("pay", office.Pay).
		Step("archive", office.Archive).

		// Stop and leave everything as it is. This is the default.
		OnFailure(policy.Abort).
		Build()
}

// carryOn is both commands: to start is to resume an execution that is pending.
func carryOn(ctx context.Context, file string, exec *chain.ExecutionContext[Invoice], stdout io.Writer) error {
	plan, err := newPlan(Office{file})
	if err != nil {
		return err
	}
	show := func(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error {
		fmt.Fprintln(stdout, step.IdempotencyKey())
		return next(ctx)
	}
	// readme:begin resume
	out, err := runner.NewSync(plan, runner.WithInterceptor(show)).Resume(ctx, exec)
	doc, failed := codec.Marshal(exec)
	if failed == nil {
		failed = replace(file, doc)
	}
	// readme:end resume
	fmt.Fprint(stdout, plan.Picture(exec.Marks()))
	fmt.Fprintf(stdout, "%s: %s, %+v\n", filepath.Base(file), out.Status, exec.Data)
	return errors.Join(err, failed)
}

// replace puts a new file in the place of the old one, all of it or nothing.
func replace(file string, doc []byte) error {
	if err := os.WriteFile(file+".new", doc, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "resume:", err)
	}
	switch stopped := (*chain.ExecutionError)(nil); {
	case err == nil:
	case errors.As(err, &stopped):
		os.Exit(1)
	default:
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: resume start|resume FILE")
	}
	file := args[1]
	switch args[0] {
	case "start":
		if _, err := os.Stat(file); err == nil {
			return fmt.Errorf("%s is there already: resume it, or remove it", file)
		}
		return carryOn(ctx, file, chain.NewExecutionContext(Invoice{}), stdout)
	case "resume":
		doc, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		exec, err := codec.Unmarshal[Invoice](doc)
		if err != nil {
			return err
		}
		return carryOn(ctx, file, exec, stdout)
	}
	return fmt.Errorf("unknown command %q", args[0])
}
