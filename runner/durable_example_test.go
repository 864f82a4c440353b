package runner_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

type parcel struct{ Notes []string }

func parcels() *builder.Plan[parcel] {
	note := func(text string) builder.StepFunc[parcel] {
		return func(_ context.Context, p *parcel) error {
			p.Notes = append(p.Notes, text)
			return nil
		}
	}
	return chain.New[parcel]().Named("parcels").
		Step("pack", note("packed")).Compensate(note("unpacked")).
		Step("ship", note("shipped")).Compensate(note("called back")).
		OnFailure(policy.Compensate).MustBuild()
}

// At the start of a process, Recover carries on what the last one left
// unfinished. A program takes package runner/journal for the store.
func ExampleNewDurable() {
	store := storetest.NewMemory() // in a program: journal.Open(folder)
	orders := runner.NewDurable(parcels(), store)

	found, err := orders.Recover(context.Background())
	fmt.Println(len(found.Resumed), "carried on,", len(found.Left), "left,", err)

	out, err := orders.Run(context.Background(), parcel{})
	fmt.Println(out.Status, out.Context.Data.Notes, err)

	err = orders.Shutdown(context.Background())
	fmt.Println(err)
	// Output:
	// 0 carried on, 0 left, <nil>
	// succeeded [packed shipped] <nil>
	// <nil>
}

// An ID of the user's never runs twice.
func ExampleDurable_Start() {
	orders := runner.NewDurable(parcels(), storetest.NewMemory())
	for range 2 {
		out, err := orders.Start(context.Background(), parcel{}, chain.WithID("order 42")).Wait(context.Background())
		fmt.Println(out.Status, out.Context.Data.Notes, err)
	}
	// Output:
	// succeeded [packed shipped] <nil>
	// succeeded [packed shipped] <nil>
}

func ExampleDurable_Recover() {
	store := storetest.NewMemory()
	orders := runner.NewDurable(parcels(), store)

	found, err := orders.Recover(context.Background())
	for _, handle := range found.Resumed {
		fmt.Println("goes on:", handle.ID())
	}
	for _, left := range found.Left { // err has these too
		fmt.Println("stays as it is:", left.Head.ID, errors.Is(left.Err, chain.ErrPlanChanged))
	}
	fmt.Println(err)
	// Output: <nil>
}

func ExampleDurable_List() {
	orders := runner.NewDurable(parcels(), storetest.NewMemory())
	orders.Start(context.Background(), parcel{}, chain.WithID("order 42")).Wait(context.Background())

	for head, err := range orders.List(context.Background(), runner.Query{
		Plan:     "parcels",
		Statuses: []chain.Status{chain.Succeeded},
	}) {
		fmt.Println(head.ID, head.Status, err)
	}
	// Output: order 42 succeeded <nil>
}

func ExampleDurable_Get() {
	orders := runner.NewDurable(parcels(), storetest.NewMemory())
	orders.Start(context.Background(), parcel{}, chain.WithID("order 42")).Wait(context.Background())

	exec, err := orders.Get(context.Background(), "order 42")
	fmt.Println(exec.Completed(), exec.Data.Notes, err)
	_, err = orders.Get(context.Background(), "order 43")
	fmt.Println(errors.Is(err, runner.ErrUnknownExecution), err)
	// Output:
	// [pack ship] [packed shipped] <nil>
	// true runner: unknown execution: order 43
}

// Cancel has an execution do what it does on failure: here, it compensates.
func ExampleDurable_Cancel() {
	packed := make(chan struct{})
	plan := chain.New[parcel]().Named("parcels").
		Step("pack", func(context.Context, *parcel) error { return nil }).
		Compensate(func(_ context.Context, p *parcel) error { p.Notes = append(p.Notes, "unpacked"); return nil }).
		Step("await the courier", func(ctx context.Context, _ *parcel) error {
			close(packed)
			<-ctx.Done()
			return context.Cause(ctx)
		}).
		OnFailure(policy.Compensate).MustBuild()
	orders := runner.NewDurable(plan, storetest.NewMemory())
	orders.Start(context.Background(), parcel{}, chain.WithID("order 42"))
	<-packed

	handle, err := orders.Cancel(context.Background(), "order 42", errors.New("the customer has changed his mind"))
	fmt.Println(err)
	out, _ := handle.Wait(context.Background())
	fmt.Println(out.Status, out.Context.Data.Notes, out.Failures[0].Err)
	// Output:
	// <nil>
	// compensated [unpacked] the customer has changed his mind
}

// Retry goes on with what has aborted, or is stuck, when its cause is mended.
func ExampleDurable_Retry() {
	mended := false
	plan := chain.New[parcel]().Named("parcels").
		Step("ship", func(context.Context, *parcel) error {
			if !mended {
				return errors.New("no courier")
			}
			return nil
		}).MustBuild()
	orders := runner.NewDurable(plan, storetest.NewMemory())
	out, _ := orders.Start(context.Background(), parcel{}, chain.WithID("order 42")).Wait(context.Background())
	fmt.Println(out.Status)

	mended = true
	handle, err := orders.Retry(context.Background(), "order 42")
	fmt.Println(err)
	out, _ = handle.Wait(context.Background())
	fmt.Println(out.Status)
	// Output:
	// aborted
	// <nil>
	// succeeded
}

func ExampleDurable_Forget() {
	orders := runner.NewDurable(parcels(), storetest.NewMemory())
	orders.Start(context.Background(), parcel{}, chain.WithID("order 42")).Wait(context.Background())
	fmt.Println(orders.Forget(context.Background(), "order 42"))
	_, err := orders.Get(context.Background(), "order 42")
	fmt.Println(err)
	// Output:
	// <nil>
	// runner: unknown execution: order 42
}

func ExampleWithRetention() {
	month := 30 * 24 * time.Hour
	orders := runner.NewDurable(parcels(), storetest.NewMemory(), runner.WithRetention(month))
	out, _ := orders.Run(context.Background(), parcel{})
	fmt.Println(out.Status)
	// Output: succeeded
}

// Executions that were begun under an earlier version of the plan end under it.
func ExampleWithVersion() {
	before := parcels()
	now := chain.New[parcel]().Named("parcels").
		Step("insure", func(context.Context, *parcel) error { return nil }).
		Process("send", chain.New[parcel]().
			Step("pack", func(context.Context, *parcel) error { return nil })).
		MustBuild()
	orders := runner.NewDurable(now, storetest.NewMemory(), runner.WithVersion(before))
	out, _ := orders.Run(context.Background(), parcel{})
	fmt.Println(out.Context.Completed())
	// Output: [insure send/pack]
}

// sealed is a codec around the default one, for encryption.
type sealed struct{ codec.Codec[parcel] }

func (s sealed) Encode(snapshot chain.Snapshot[parcel]) ([]byte, error) {
	doc, err := s.Codec.Encode(snapshot)
	return flip(doc), err // stands for encryption
}

func (s sealed) Decode(doc []byte) (chain.Snapshot[parcel], error) {
	return s.Codec.Decode(flip(doc))
}

func flip(doc []byte) []byte {
	flipped := make([]byte, len(doc))
	for i, b := range doc {
		flipped[i] = ^b
	}
	return flipped
}

func ExampleWithCodec() {
	orders := runner.NewDurable(parcels(), storetest.NewMemory(), runner.WithCodec[parcel](sealed{codec.JSON[parcel]()}))
	out, _ := orders.Run(context.Background(), parcel{})
	fmt.Println(out.Status)
	// Output: succeeded
}
