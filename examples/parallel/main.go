// Parallel books a trip: flight, hotel and car at the same time, all of them
// undone if the trip can't be insured.
//
//	go run ./examples/parallel
//
// The same plan runs on both runners. The sync one takes the branches in order,
// the async one all together; the outcome is the same.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// Trip is what the steps work on. Branches must change disjoint parts of it:
// each booking has a field of its own.
type Trip struct {
	Insurable                 bool
	Flight, Room, Dinner, Car string
}

func flight(t *Trip) *string { return &t.Flight }
func room(t *Trip) *string   { return &t.Room }
func dinner(t *Trip) *string { return &t.Dinner }
func car(t *Trip) *string    { return &t.Car }

func newPlan(agency *Agency) (*builder.Plan[Trip], error) {
	// A branch of several steps is a Process, made of a chain of its own.
	hotel := chain.New[Trip]().
		Step("room", agency.Book(room, 100*time.Millisecond)).Compensate(agency.Cancel(room)).
		Step("dinner", agency.Book(dinner, 100*time.Millisecond)).Compensate(agency.Cancel(dinner))

	branches := chain.New[Trip]().
		Step("flight", agency.Book(flight, 300*time.Millisecond)).Compensate(agency.Cancel(flight)).
		Process("hotel", hotel).
		Step("car", agency.Book(car, 250*time.Millisecond)).Compensate(agency.Cancel(car))

	return chain.New[Trip]().Named("trip").
		Parallel("book", branches).
		Step("insure", agency.Insure).
		OnFailure(policy.Compensate).
		Build()
}

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(stdout io.Writer) error {
	agency := &Agency{booked: map[string]bool{}}
	plan, err := newPlan(agency)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, plan)

	for _, trip := range []Trip{{Insurable: true}, {Insurable: false}} {
		for _, on := range []struct {
			name string
			runner.Runner[Trip]
		}{
			{"sync", runner.NewSync(plan)},
			{"async", runner.NewAsync(plan)},
		} {
			out, _ := on.Run(context.Background(), trip) // its error is among the outcome's Failures
			exec := out.Context
			fmt.Fprintf(stdout, "%s: %s after %v\n", on.name, out.Status, out.Duration.Round(10*time.Millisecond))
			fmt.Fprintln(stdout, "completed:  ", exec.Completed())
			fmt.Fprintln(stdout, "compensated:", exec.Compensated())
			fmt.Fprintln(stdout, "booked:     ", agency.Booked())
			fmt.Fprintln(stdout, plan.Picture(exec.Marks()))
			agency.Clear()
		}
	}
	return nil
}
