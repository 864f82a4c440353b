package main

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/examples/checkout/services"
	"github.com/taskchain-go/taskchain/examples/checkout/shop"
	"github.com/taskchain-go/taskchain/runner"
)

// A job runs all orders of one input.
type job struct {
	cfg      config
	plan     *builder.Plan[shop.Order]
	runner   *runner.Async[shop.Order]
	files    *archive
	pages    *pages
	progress *progress
	tally    *tally
}

func newJob(cfg config, plan *builder.Plan[shop.Order], files *archive, pages *pages, p *progress) *job {
	return &job{
		cfg:      cfg,
		plan:     plan,
		runner:   runner.NewAsync(plan, runner.WithInterceptor(shop.HeedRetryAfter), runner.WithObserver(p.observe)),
		files:    files,
		pages:    pages,
		progress: p,
		tally:    newTally(cfg.trace),
	}
}

// run starts an execution for each order, as many at once as the flags allow, and returns when all that it
// started have ended. The error is that of reading.
func (j *job) run(ctx context.Context, in io.Reader) error {
	defer j.progress.clear()
	var running sync.WaitGroup
	defer func() {
		running.Wait()
		j.wrote(j.pages.finish())
	}()

	places := make(chan struct{}, j.cfg.parallel)
	for order, err := range shop.ReadOrders(ctx, in) {
		if malformed, ok := errors.AsType[*shop.MalformedError](err); ok {
			j.progress.say(malformed)
			j.tally.malformed(malformed.Line)
			continue
		}
		if err != nil {
			return err
		}
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil { // also where a place became free by that very end
			return nil
		}
		execution := j.runner.Start(ctx, order, chain.WithID(order.ID))
		running.Go(func() {
			j.follow(order, execution)
			<-places
		})
	}
	return nil
}

// follow waits for the end of an execution and notes what became of it.
func (j *job) follow(order shop.Order, execution *runner.Handle[shop.Order]) {
	// Not the ctx that Ctrl-C ends: what it undoes is waited for.
	out, err := execution.Wait(context.Background())
	j.tally.ended(out, err)
	j.wrote(errors.Join(j.files.save(out.Context), j.pages.add(order, out.Context)))
}

// wrote tells of what could not be written.
func (j *job) wrote(err error) {
	if err != nil {
		j.progress.say(err)
		j.tally.unwritten()
	}
}

// report is called when run has returned, with what the services' books say and with run's error.
func (j *job) report(ctx context.Context, books services.Books, unread error) report {
	return report{
		cfg:         j.cfg,
		plan:        j.plan,
		tally:       j.tally,
		books:       books,
		audit:       books.Check(j.tally.succeeded, j.tally.stuck...),
		interrupted: ctx.Err() != nil,
		unread:      unread,
	}
}
