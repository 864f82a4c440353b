// Command temporal is the checkout of examples/checkout on Temporal, as a starter and as a worker, of which
// there may be any number:
//
//	temporal server start-dev --search-attribute TaskchainPlan=Keyword --search-attribute TaskchainStatus=Keyword
//	go run ./examples/temporal start examples/checkout/orders.jsonl
//	go run ./examples/temporal worker
//
// README.md says what to see in Temporal's UI. The plan is that of examples/checkout, unchanged.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/examples/checkout/services"
	"github.com/taskchain-go/taskchain/examples/checkout/shop"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "temporal:", err)
		os.Exit(1)
	}
}

// A call is what the program was called with.
type call struct {
	client client.Client
	places string // the file with the services' addresses, as long as they are open
	args   []string
	stdout io.Writer
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) == 0 || args[0] != "worker" && args[0] != "start" {
		return errors.New("say worker, or start and a file of orders")
	}
	fs := flag.NewFlagSet("temporal "+args[0], flag.ContinueOnError)
	address := fs.String("address", client.DefaultHostPort, "of the Temporal server")
	namespace := fs.String("namespace", client.DefaultNamespace, "of the server's")
	dir := fs.String("dir", os.TempDir(), "by which workers find the shop's services")
	if err := fs.Parse(args[1:]); err != nil {
		return err
	}
	c, err := client.DialContext(ctx, client.Options{
		HostPort: *address, Namespace: *namespace, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	called := call{c, filepath.Join(*dir, "taskchain-services.json"), fs.Args(), stdout}
	if args[0] == "worker" {
		return called.work(ctx)
	}
	return called.start(ctx)
}

// places is where the services are.
type places struct{ Stock, Payment, Shipping string }

// work executes orders until it is interrupted.
func (c call) work(ctx context.Context) error {
	at, err := c.awaitServices(ctx)
	if err != nil {
		return err
	}
	s := shop.New(at.Stock, at.Payment, at.Shipping, 100)
	defer s.Close()
	plan, err := shop.NewPlan(s, 2*time.Second)
	if err != nil {
		return err
	}
	w := worker.New(c.client, "checkout", temporal.Recommended(worker.Options{}))
	err = temporal.Register(w, plan, temporal.With(
		runner.LogTo(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))),
		runner.WithInterceptor(shop.HeedRetryAfter)))
	if err != nil {
		return err
	}
	interrupted := make(chan any)
	context.AfterFunc(ctx, func() { close(interrupted) })
	return w.Run(interrupted)
}

// awaitServices waits until the shop is open.
func (c call) awaitServices(ctx context.Context) (at places, err error) {
	for {
		text, err := os.ReadFile(c.places)
		if err == nil {
			err = json.Unmarshal(text, &at)
			return at, err
		}
		if !errors.Is(err, os.ErrNotExist) {
			return at, err
		}
		select {
		case <-ctx.Done():
			return at, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// start opens the services, has the orders in a file executed, and compares the books.
func (c call) start(ctx context.Context) error {
	if len(c.args) != 1 {
		return errors.New("start needs one file of orders")
	}
	file, err := os.Open(c.args[0])
	if err != nil {
		return err
	}
	defer file.Close()
	world, err := services.Start(services.DefaultFaults(1))
	if err != nil {
		return err
	}
	defer world.Close()
	text, err := json.Marshal(places{world.StockURL, world.PaymentURL, world.ShippingURL})
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.places+".new", text, 0o600); err != nil {
		return err
	}
	if err := os.Rename(c.places+".new", c.places); err != nil {
		return err
	}
	defer os.Remove(c.places)
	sold, err := c.sell(ctx, file)
	if err != nil {
		return err
	}
	return sold.report(c.stdout, world.Books())
}

// sales is what became of the orders.
type sales struct {
	succeeded []services.Sale
	stuck     []string
	ends      map[chain.Status]int
	malformed int // lines that are no orders
}

func (c call) sell(ctx context.Context, orders io.Reader) (sales, error) {
	sold := sales{ends: map[chain.Status]int{}}
	plan, err := shop.NewPlan(shop.Shop{}, 2*time.Second) // whose functions the workers have
	if err != nil {
		return sold, err
	}
	var (
		r       = temporal.NewRunner(c.client, plan, temporal.TaskQueue("checkout"), temporal.Heartbeat(2*time.Second), temporal.SearchAttributes())
		run     = time.Now().Format("150405") // an ID is used once
		handles []*temporal.Handle[shop.Order]
		taken   []shop.Order
	)
	for o, err := range shop.ReadOrders(ctx, orders) {
		if err != nil {
			fmt.Fprintln(c.stdout, err)
			sold.malformed++
			continue
		}
		h, err := r.Start(ctx, o, chain.WithID(o.ID+"-"+run))
		if err != nil {
			return sold, err
		}
		handles, taken = append(handles, h), append(taken, o)
	}
	fmt.Fprintf(c.stdout, "%d orders started; workers carry them out: go run ./examples/temporal worker\n", len(handles))
	for i, h := range handles {
		out, err := h.Wait(ctx)
		var failed *chain.ExecutionError
		switch {
		case err == nil:
			sold.succeeded = append(sold.succeeded, taken[i].Sale())
		case !errors.As(err, &failed):
			return sold, err
		case out.Status == chain.Stuck:
			sold.stuck = append(sold.stuck, taken[i].ID)
		}
		sold.ends[out.Status]++
	}
	return sold, nil
}

func (s sales) report(out io.Writer, books services.Books) error {
	fmt.Fprintf(out, "%d succeeded, %d compensated, %d stuck\n", s.ends[chain.Succeeded], s.ends[chain.Compensated], s.ends[chain.Stuck])
	if audit := books.Check(s.succeeded, s.stuck...); !audit.OK() {
		return fmt.Errorf("the books are wrong: %q", audit.Discrepancies)
	}
	fmt.Fprintln(out, "the books balance")
	if s.malformed > 0 {
		return fmt.Errorf("%d lines are no orders", s.malformed)
	}
	return nil
}
