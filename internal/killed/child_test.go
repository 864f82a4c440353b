package killed

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
)

// In a process with this variable set, the test binary is the program to be
// killed.
const asChild = "TASKCHAIN_KILLED"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) == "" {
		os.Exit(m.Run())
	}
	if err := child(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A program takes orders on a journal in a folder, and says so line by line on
// its standard output.
type program struct {
	orders  *runner.Durable[Order]
	running sync.WaitGroup

	mu       sync.Mutex
	followed map[string]bool
	faults   []error
}

// open opens a folder with files so small that there are many of them.
func open(dir string) (*journal.Journal, error) {
	return journal.Open(dir, journal.WithSegmentSize(32<<10))
}

// child carries on what an earlier one has left, takes new orders, all at once,
// and returns when all of them are finished.
func child(args []string) error {
	dir, url := args[0], args[1]
	from, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	to, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	j, err := open(dir)
	if err != nil {
		return err
	}
	way := services{url, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
	p := &program{orders: runner.NewDurable(newPlan(way), j), followed: map[string]bool{}}

	ctx := context.Background()
	if err := p.tidy(ctx, from); err != nil {
		return err
	}
	if err := p.retryStuck(ctx); err != nil {
		return err
	}
	found, err := p.orders.Recover(ctx)
	if err != nil {
		return err
	}
	for _, handle := range found.Resumed {
		p.follow(ctx, handle)
	}
	for n := from; n < to; n++ {
		p.running.Go(func() {
			handle := p.orders.Start(ctx, Order{}, chain.WithID(idOf(n)))
			fmt.Println("begun", handle.ID())
			p.finish(ctx, handle)
		})
	}
	p.running.Wait()
	if p.faults != nil {
		return p.faults[0]
	}
	return j.Close()
}

// tidy forgets the orders before number from that an earlier process has finished.
func (p *program) tidy(ctx context.Context, from int) error {
	old := map[string]bool{}
	for n := range from {
		old[idOf(n)] = true
	}
	for head, err := range p.orders.List(ctx, runner.Query{}) {
		if err == nil && head.Status.Finished() && old[head.ID] {
			err = p.orders.Forget(ctx, head.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// retryStuck comes before Recover: what that carries on may get stuck, and is
// retried then by who follows it.
func (p *program) retryStuck(ctx context.Context) error {
	for head, err := range p.orders.List(ctx, runner.Query{Statuses: []chain.Status{chain.Stuck}}) {
		if err != nil {
			return err
		}
		handle, err := p.orders.Retry(ctx, head.ID)
		if err != nil {
			return err
		}
		p.follow(ctx, handle)
	}
	return nil
}

func (p *program) follow(ctx context.Context, handle *runner.Handle[Order]) {
	p.running.Go(func() { p.finish(ctx, handle) })
}

// finish waits for an order, and again where it is stuck, unless somebody does.
func (p *program) finish(ctx context.Context, handle *runner.Handle[Order]) {
	id := handle.ID()
	if !p.isFirst(id) {
		return
	}
	out, err := handle.Wait(ctx)
	for out.Status == chain.Stuck {
		if handle, err = p.orders.Retry(ctx, id); err != nil {
			break
		}
		out, err = handle.Wait(ctx)
	}
	if !out.Status.Finished() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.faults = append(p.faults, fmt.Errorf("%s is %s: %w", id, out.Status, err))
		return
	}
	fmt.Println("ended", id, out.Status)
}

func (p *program) isFirst(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.followed[id] {
		return false
	}
	p.followed[id] = true
	return true
}
