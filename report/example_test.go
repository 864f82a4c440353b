package report_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/report"
	"github.com/taskchain-go/taskchain/runner"
)

type parcel struct{ Address, Number string }

func deliveries() *runner.Sync[parcel] { return runner.NewSync(delivery) }

var delivery = chain.New[parcel]().Named("delivery").
	Step("book", func(_ context.Context, p *parcel) error {
		if p.Address == "Moon" {
			return errors.New("address not served")
		}
		p.Number = "p-1"
		return nil
	}).
	MustBuild()

func ExampleNew() {
	ordered := parcel{Address: "Aachen"}
	out, _ := deliveries().Run(context.Background(), ordered)

	file, err := os.CreateTemp("", "*.html")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file.Name())
	err = report.New(delivery, out.Context, report.Before(ordered)).WriteHTML(file)
	fmt.Println(errors.Join(err, file.Close()))
	// Output: <nil>
}

func ExampleWithoutData() {
	out, _ := deliveries().Run(context.Background(), parcel{Address: "Aachen"})
	var page strings.Builder
	err := report.New(delivery, out.Context, report.WithoutData()).WriteHTML(&page)
	fmt.Println(strings.Contains(page.String(), "Aachen"), err)
	// Output: false <nil>
}

func ExampleBefore() {
	ordered := parcel{Address: "Aachen"}
	out, _ := deliveries().Run(context.Background(), ordered)
	var page strings.Builder
	err := report.New(delivery, out.Context, report.Before(ordered)).WriteHTML(&page)
	fmt.Println(strings.Contains(page.String(), "<figcaption>before</figcaption>"), err)
	// Output: true <nil>
}

func ExampleReport_Summary() {
	out, _ := deliveries().Run(context.Background(), parcel{Address: "Moon"})
	s := report.New(delivery, out.Context).Summary()
	fmt.Println(s.Plan, s.Status, s.Failures[0].Path, s.Failures[0].Error)
	// Output: delivery aborted book address not served
}

func ExampleWriteOverview() {
	var entries []report.Entry
	for i, address := range []string{"Aachen", "Moon"} {
		out, _ := deliveries().Run(context.Background(), parcel{Address: address})
		entries = append(entries, report.Entry{
			Summary: report.New(delivery, out.Context).Summary(),
			Link:    fmt.Sprintf("parcel-%d.html", i), // where its report was written to
		})
	}
	var page bytes.Buffer
	err := report.WriteOverview(&page, "deliveries of today", entries)
	fmt.Println(strings.Contains(page.String(), "2 executions"), err)
	// Output: true <nil>
}
