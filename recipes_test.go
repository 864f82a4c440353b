package taskchain_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/report"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
)

// The recipes of the README, compiled and run.

type Order struct {
	ID      string
	Cents   int
	Address Address
}

type Address struct{ City string }

func reserve(context.Context, *Order) error { return nil }
func release(context.Context, *Order) error { return nil }
func collect(context.Context, *Order) error { return nil }
func ship(context.Context, *Order) error    { return nil }
func charge(context.Context, *Order) error  { return errDeclined }

var errDeclined = errors.New("declined")

func Example_run() {
	plan := chain.New[Order]().Named("checkout").
		Step("reserve", reserve).Compensate(release).
		Step("charge", charge).
		OnFailure(policy.Compensate).
		MustBuild()
	ctx := context.Background()
	order := Order{ID: "4711"}

	// readme:begin errors
	out, err := runner.NewSync(plan).Run(ctx, order)
	switch {
	case err == nil: // out.Status is chain.Succeeded, and only then
	case errors.Is(err, errDeclined): // your own error, whatever stands around it
		fmt.Println(out.Status, out.Failures)
	case out.Status == chain.Stuck: // a compensation failed: a person must look
		fmt.Println(out.CompensationFailures)
	}
	// readme:end errors

	// Output: compensated [step "charge" failed: declined]
}

func Example_see() {
	plan := chain.New[Order]().Named("checkout").
		Step("reserve", reserve).Compensate(release).
		Step("charge", charge).
		Step("ship", ship).
		OnFailure(policy.Compensate).
		MustBuild()
	out, _ := runner.NewSync(plan).Run(context.Background(), Order{})
	exec := out.Context

	// readme:begin see
	timeline := exec.Trace().String()                    // what happened, a line an event
	picture := plan.Picture(exec.Marks())                // the plan with what became of each step
	tree := picture.String()                             // for a terminal
	diagram := picture.Mermaid()                         // for Markdown
	graph := plan.DOT()                                  // the plan alone, for Graphviz
	done, undone := exec.Completed(), exec.Compensated() // paths, in order
	// readme:end see
	fmt.Println(strings.Count(timeline, "\n"), "events,", strings.Count(tree, "\n"), "lines")
	fmt.Println(strings.Contains(diagram, "flowchart"), strings.HasPrefix(graph, "digraph"))
	fmt.Println(done, undone)
	// Output:
	// 8 events, 4 lines
	// true true
	// [] [reserve]
}

func Example_page() {
	plan := chain.New[Order]().Named("checkout").Step("charge", charge).MustBuild()
	order := Order{ID: "4711"}
	out, _ := runner.NewSync(plan).Run(context.Background(), order)
	file, err := os.CreateTemp("", "*.html")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file.Name())
	// readme:begin page
	err = report.New(plan, out.Context, report.Before(order)).WriteHTML(file)
	// readme:end page
	fmt.Println(errors.Join(err, file.Close()))
	// Output: <nil>
}

func Example_fork() {
	// readme:begin fork
	paid := chain.New[Order]().OnFailure(policy.Compensate).
		Step("reserve", reserve).Compensate(release).
		Step("charge", charge)

	pickUp, err1 := paid.Named("pick up").Step("collect", collect).Build()
	parcel, err2 := paid.Named("parcel").Step("ship", ship).Build()
	// readme:end fork
	fmt.Println(err1, err2)
	fmt.Printf("%v%v", pickUp, parcel)
	// Output:
	// <nil> <nil>
	// pick up (on failure: compensate)
	// ├── reserve  (compensation)
	// ├── charge
	// └── collect
	// parcel (on failure: compensate)
	// ├── reserve  (compensation)
	// ├── charge
	// └── ship
}

func Example_embed() {
	verify := func(_ context.Context, a *Address) error {
		fmt.Println("verify", a.City)
		return nil
	}
	// readme:begin embed
	address := chain.New[Address]().Step("verify", verify).MustBuild()

	plan, err := chain.New[Order]().
		Process("address", builder.Embed(address, func(o *Order) *Address { return &o.Address })).
		Step("ship", ship).
		Build()
	// readme:end embed
	_, _ = runner.NewSync(plan).Run(context.Background(), Order{Address: Address{City: "Aachen"}})
	fmt.Printf("%v%v", plan, err)
	// Output:
	// verify Aachen
	// plan (on failure: abort)
	// ├── address  (process)
	// │   └── verify
	// └── ship
	// <nil>
}

func Example_parallel() {
	// readme:begin parallel
	hotel := chain.New[Order]().
		Step("reserve", reserve).Compensate(release).
		Step("charge", charge)

	plan, err := chain.New[Order]().
		Parallel("book", chain.New[Order]().
			Step("flight", ship).
			Process("hotel", hotel)). // a branch of several steps
		OnFailure(policy.Compensate).
		Build()
	// readme:end parallel
	fmt.Printf("%v%v", plan, err)
	// Output:
	// plan (on failure: compensate)
	// └── book  (parallel)
	//     ├── flight
	//     └── hotel  (process)
	//         ├── reserve  (compensation)
	//         └── charge
	// <nil>
}

// render answers by a callback, as some clients do.
func render(_ context.Context, _ *Order, answer func(error)) { go answer(nil) }

func Example_async() {
	ctx, order := context.Background(), Order{}
	// readme:begin async
	plan, err := chain.New[Order]().
		AsyncStep("render", func(ctx context.Context, o *Order) <-chan error {
			done := make(chan error, 2)                                   // the second answer is not waited for
			render(ctx, o, func(err error) { done <- err })               // when it is done, in a goroutine of its own
			context.AfterFunc(ctx, func() { done <- context.Cause(ctx) }) // should it never be
			return done
		}).Timeout(time.Minute).
		Build()
	// readme:end async
	if err != nil {
		panic(err)
	}
	out, err := runner.NewAsync(plan).Run(ctx, order)
	fmt.Println(out.Status, err)
	// Output: succeeded <nil>
}

// bank is an HTTP service that recognises a repeated request by its key.
type bank struct{ url string }

// readme:begin key
func (b bank) Charge(ctx context.Context, o *Order) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"/charges", strings.NewReader(o.ID))
	if err != nil {
		return policy.Permanent(err)
	}
	step, _ := chain.StepFrom(ctx)
	req.Header.Set("Idempotency-Key", step.IdempotencyKey())

	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusTooManyRequests:
		return policy.RetryAfter(errors.New(resp.Status), 2*time.Second) // or what its Retry-After says
	case http.StatusPaymentRequired:
		return policy.Permanent(errDeclined)
	}
	return errors.New(resp.Status)
}

// readme:end key

func Example_key() {
	keys, calls := map[string]bool{}, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys[r.Header.Get("Idempotency-Key")] = true
		if calls++; calls < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()

	plan := chain.New[Order]().Step("charge", bank{server.URL}.Charge).Retry(policy.Fixed(3, 0)).MustBuild()
	out, err := runner.NewSync(plan).Run(context.Background(), Order{ID: "4711"})
	fmt.Println(out.Status, err, calls, "calls,", len(keys), "key")
	// Output: succeeded <nil> 3 calls, 1 key
}

func Example_observe() {
	plan := chain.New[Order]().Named("checkout").
		Step("reserve", reserve).Compensate(release).
		Step("charge", charge).
		OnFailure(policy.Compensate).
		MustBuild()
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelWarn,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "execution" {
				return slog.Attr{}
			}
			return a
		},
	}))
	failed := map[string]int{}

	// readme:begin observe
	r := runner.NewSync(plan,
		// Every event as a line of your log.
		runner.LogTo(logger),

		// Every event, for metrics or a screen.
		runner.WithObserver(func(_ context.Context, e chain.Event) {
			if e.Kind == chain.KindFailed {
				failed[e.Path]++
			}
		}),

		// Around each attempt, forward and compensation: for tracing, limits, faults in tests.
		runner.WithInterceptor(func(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error {
			fmt.Println(step.Path, step.Phase, step.Attempt)
			return next(ctx)
		}),

		// What of an error may enter the trace, the log and the JSON.
		runner.WithErrorText(func(error) string { return "(not shown)" }),
	)
	// readme:end observe
	_, _ = r.Run(context.Background(), Order{})
	fmt.Println(failed)
	// Output:
	// reserve forward 1
	// charge forward 1
	// level=ERROR msg=failed plan=checkout step=charge phase=forward attempt=1 error="(not shown)"
	// level=WARN msg=compensating plan=checkout step=reserve phase=compensation attempt=1
	// reserve compensation 1
	// level=WARN msg=compensated plan=checkout step=reserve phase=compensation attempt=1
	// level=WARN msg=plan_ended plan=checkout status=compensated
	// map[charge:1]
}

func Example_handle() {
	plan := chain.New[Order]().Step("reserve", reserve).MustBuild()
	ctx, order := context.Background(), Order{ID: "4711"}

	// readme:begin handle
	orders := runner.NewAsync(plan, runner.WithConcurrency(100))

	handle := orders.Start(context.WithoutCancel(ctx), order, chain.WithID(order.ID))
	progress := handle.Progress() // at any time
	out, err := handle.Wait(ctx)

	err = errors.Join(err, orders.Shutdown(ctx)) // waits for those that run
	// readme:end handle
	fmt.Println(handle.ID(), progress.Steps <= 1, out.Status, err)
	// Output: 4711 true succeeded <nil>
}

func Example_durable() {
	plan := chain.New[Order]().Named("checkout").Step("reserve", reserve).Step("ship", ship).MustBuild()
	before, order := plan, Order{ID: "4711"}
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)

	err = func() error {
		// readme:begin durable
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		work := context.WithoutCancel(ctx) // a signal is no failure, after which orders would be undone

		store, err := journal.Open(folder) // for this process alone
		if err != nil {
			return err
		}
		defer store.Close()
		orders := runner.NewDurable(plan, store)
		defer orders.Shutdown(work) // has all of them stop where they stand

		if _, err := orders.Recover(work); err != nil { // carries on what the last process has left
			log.Print(err) // an execution that can't go on stays as it is, and is named here
		}
		out, err := orders.Start(work, order, chain.WithID(order.ID)).Wait(ctx) // which a signal ends
		// readme:end durable
		fmt.Println(out.Status, err)

		{
			// readme:begin version
			orders := runner.NewDurable(plan, store, runner.WithVersion(before))
			// readme:end version
			exec, err := orders.Get(ctx, order.ID)
			fmt.Println(exec.Completed(), err)
		}
		return nil
	}()
	fmt.Println(err)
	// Output:
	// succeeded <nil>
	// [reserve ship] <nil>
	// <nil>
}
