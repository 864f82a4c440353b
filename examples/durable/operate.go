package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/examples/checkout/shop"
	"github.com/taskchain-go/taskchain/runner"
)

// A query is which orders to list.
type query struct {
	statuses []chain.Status
	plan     string
	older    time.Duration
}

func (q *query) flags(f *flag.FlagSet) {
	f.Func("status", "those with this `status`, such as stuck; may be given again", func(text string) error {
		var status chain.Status
		if err := status.UnmarshalText([]byte(text)); err != nil {
			return err
		}
		q.statuses = append(q.statuses, status)
		return nil
	})
	f.StringVar(&q.plan, "plan", "", "those of the plan with this `name`")
	f.DurationVar(&q.older, "older", 0, "those begun longer ago than this `time`, such as 24h")
}

func (q *query) ask() runner.Query {
	asked := runner.Query{Plan: q.plan, Statuses: q.statuses}
	if q.older > 0 {
		asked.BegunBefore = time.Now().Add(-q.older)
	}
	return asked
}

func listOrders(ctx context.Context, a *call) (int, error) {
	return a.with(addresses{}, func(o *orders) (int, error) {
		var heads []runner.Head
		for head, err := range o.List(ctx, a.query.ask()) {
			if err != nil {
				return 0, err
			}
			heads = append(heads, head)
		}
		slices.SortFunc(heads, func(x, y runner.Head) int { return cmp.Compare(x.ID, y.ID) })
		table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		for _, h := range heads {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", h.ID, h.Plan, h.Status, h.Changed.Format(time.DateTime))
		}
		return allWell, table.Flush()
	})
}

func getOrder(ctx context.Context, a *call) (int, error) {
	return a.with(addresses{}, func(o *orders) (int, error) {
		exec, err := o.Get(ctx, a.flags.Arg(0))
		if err != nil {
			return 0, err
		}
		a.say("%s\n%s", o.plan.Picture(exec.Marks()), exec.Trace())
		return allWell, nil
	})
}

func cancelOrder(ctx context.Context, a *call) (int, error) {
	return a.selling(ctx, func(o *orders, _ addresses) (int, error) {
		handle, err := o.Cancel(context.WithoutCancel(ctx), a.flags.Arg(0), nil)
		return o.end(ctx, handle, err)
	})
}

func retryOrder(ctx context.Context, a *call) (int, error) {
	return a.selling(ctx, func(o *orders, _ addresses) (int, error) {
		handle, err := o.Retry(context.WithoutCancel(ctx), a.flags.Arg(0))
		return o.end(ctx, handle, err)
	})
}

// end waits for the end of an order and says what became of it.
func (o *orders) end(ctx context.Context, handle *runner.Handle[shop.Order], err error) (int, error) {
	if err != nil {
		return 0, err
	}
	o.follow(ctx, handle)
	out, err := handle.Wait(context.WithoutCancel(ctx))
	o.call.say("%s %s", out.Context.ID, out.Status)
	if out.Status.Finished() {
		return allWell, nil
	}
	fmt.Fprintln(o.call.stderr, "durable:", err)
	return mustLook, nil
}

func forgetOrder(ctx context.Context, a *call) (int, error) {
	return a.with(addresses{}, func(o *orders) (int, error) { return allWell, o.Forget(ctx, a.flags.Arg(0)) })
}
