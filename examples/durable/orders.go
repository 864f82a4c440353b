package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/examples/checkout/shop"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
)

// orders are the executions in the folder.
type orders struct {
	*runner.Durable[shop.Order]
	call    *call
	plan    *builder.Plan[shop.Order]
	shop    shop.Shop
	journal *journal.Journal

	mu     sync.Mutex
	faults []error // what kept orders from going on
}

// open opens the folder, which must be nobody else's. The services may be nowhere
// where no step is to run.
func (a *call) open(at addresses) (*orders, error) {
	s := shop.New(at.Stock, at.Payment, at.Shipping, max(a.parallel, 1))
	plan, err := shop.NewPlan(s, 10*time.Second)
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(filepath.Join(a.dir, "journal"))
	if err != nil {
		return nil, err
	}
	durable := runner.NewDurable(plan, j, runner.WithInterceptor(shop.HeedRetryAfter), runner.WithInterceptor(a.killer()))
	if cut, was := j.Recovered(); was {
		fmt.Fprintf(a.stderr, "durable: %d bytes of an interrupted write were cut off: nobody was told that they were safe\n", cut.Bytes)
	}
	return &orders{Durable: durable, call: a, plan: plan, shop: s, journal: j}, nil
}

// close lets the executions stop where they stand.
func (o *orders) close() error {
	err := o.Shutdown(context.Background()) // attempts end with their timeout at the latest
	o.shop.Close()
	return errors.Join(err, o.journal.Close())
}

// killer ends this process without warning when an attempt has had its effect and
// nobody knows yet.
func (a *call) killer() func(context.Context, chain.StepInfo, func(context.Context) error) error {
	var attempts atomic.Int64
	return func(ctx context.Context, _ chain.StepInfo, next func(context.Context) error) error {
		err := next(ctx)
		if attempts.Add(1) == a.killAt {
			self, failed := os.FindProcess(os.Getpid())
			if failed = errors.Join(failed, self.Kill()); failed != nil {
				panic(failed)
			}
			select {} // for the moment that is left
		}
		return err
	}
}

// with opens the folder for what do needs, and closes it.
func (a *call) with(at addresses, do func(*orders) (status int, err error)) (status int, err error) {
	o, err := a.open(at)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	return do(o)
}

// selling opens the folder when the services are open, too.
func (a *call) selling(ctx context.Context, do func(*orders, addresses) (status int, err error)) (status int, err error) {
	at, err := a.find(ctx)
	if err != nil {
		return 0, err
	}
	return a.with(at, func(o *orders) (int, error) { return do(o, at) })
}

func recoverOrders(ctx context.Context, a *call) (int, error) {
	return a.selling(ctx, func(o *orders, at addresses) (int, error) { return o.sell(ctx, at, strings.NewReader("")) })
}

func runOrders(ctx context.Context, a *call) (int, error) {
	file, err := os.Open(a.flags.Arg(0))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return a.selling(ctx, func(o *orders, at addresses) (int, error) { return o.sell(ctx, at, file) })
}

// sell carries on what is unfinished, sells the orders there are besides, and
// reports. When ctx ends it stops, and undoes nothing.
func (o *orders) sell(ctx context.Context, at addresses, in io.Reader) (status int, err error) {
	var waiting sync.WaitGroup
	found, err := o.Recover(context.WithoutCancel(ctx))
	if err != nil {
		return 0, err
	}
	o.call.say("%d unfinished orders carried on", len(found.Resumed))
	for _, handle := range found.Resumed {
		waiting.Go(func() { o.follow(ctx, handle) })
	}
	malformed, err := o.start(ctx, in, &waiting)
	waiting.Wait()
	if err = errors.Join(append(o.faults, err, o.Shutdown(context.WithoutCancel(ctx)))...); err != nil {
		return 0, err
	}
	status, err = o.report(context.WithoutCancel(ctx), at)
	if malformed > 0 || ctx.Err() != nil {
		status = max(status, mustLook)
	}
	return status, err
}

// start starts orders, and returns how many lines are none.
func (o *orders) start(ctx context.Context, in io.Reader, waiting *sync.WaitGroup) (malformed int, err error) {
	places := make(chan struct{}, o.call.parallel)
	for order, err := range shop.ReadOrders(ctx, in) {
		if bad, is := errors.AsType[*shop.MalformedError](err); is {
			fmt.Fprintln(o.call.stderr, bad)
			malformed++
			continue
		}
		if err != nil {
			return malformed, err
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return malformed, nil
		}
		waiting.Go(func() {
			handle := o.Start(context.WithoutCancel(ctx), order, chain.WithID(order.ID))
			o.follow(ctx, handle)
			<-places
		})
	}
	return malformed, nil
}

// follow waits for the end of an execution, or has it stop when ctx ends. What
// became of it is in the folder, unless that could not be written.
func (o *orders) follow(ctx context.Context, handle *runner.Handle[shop.Order]) {
	select {
	case <-handle.Done():
	case <-ctx.Done():
		_ = o.Shutdown(context.WithoutCancel(ctx)) // of all at once; the last one has nothing to wait for
	}
	_, err := handle.Wait(context.WithoutCancel(ctx))
	if _, ended := errors.AsType[*chain.ExecutionError](err); err == nil || ended || errors.Is(err, runner.ErrShutdown) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = append(o.faults, fmt.Errorf("order %s: %w", handle.ID(), err))
}
