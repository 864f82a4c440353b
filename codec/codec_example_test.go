package codec_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/runner"
)

type Order struct {
	Item string `json:"item"`
	Paid bool   `json:"paid"`
}

func Example() {
	online := false
	plan := chain.New[Order]().
		Step("reserve", func(context.Context, *Order) error { fmt.Println("reserve"); return nil }).
		Step("charge", func(_ context.Context, o *Order) error {
			if !online {
				return errors.New("the bank does not answer")
			}
			fmt.Println("charge")
			o.Paid = true
			return nil
		}).
		MustBuild()

	out, err := runner.NewSync(plan).Run(context.Background(), Order{Item: "lamp"})
	fmt.Println(out.Status, err != nil)
	doc, err := codec.Marshal(out.Context) // to a file, a database, a queue
	if err != nil {
		fmt.Println(err)
		return
	}

	// Later, perhaps elsewhere:
	online = true
	exec, err := codec.Unmarshal[Order](doc)
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err = runner.NewSync(plan).Resume(context.Background(), exec)
	fmt.Println(out.Status, out.Context.Data, err)
	// Output:
	// reserve
	// aborted true
	// charge
	// succeeded {lamp true} <nil>
}

func ExampleMarshal() {
	exec := chain.NewExecutionContext(Order{Item: "lamp"}, chain.WithID("order-7"))
	doc, err := codec.Marshal(exec)
	fmt.Println(string(doc), err)
	// Output:
	// {"version":1,"id":"order-7","status":"pending","data":{"item":"lamp","paid":false}} <nil>
}

func ExampleUnmarshal() {
	for _, doc := range []string{
		`{"version":1,"id":"order-7","status":"pending","data":{"item":"lamp"}}`,
		`{"version":1,"id":"order-7","status":"pending","data":{"item":7}}`,
		`{"version":1,"id":"order-7","status":"lost","data":{}}`,
		`{"version":9}`,
		`{"version":1`,
	} {
		exec, err := codec.Unmarshal[Order]([]byte(doc))
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(exec.ID, exec.Data)
	}
	// Output:
	// order-7 {lamp false}
	// taskchain: decode: data.item: want string, got number
	// taskchain: decode: status: unknown status "lost"
	// taskchain: decode: version: unknown version 9, known are 1 to 1
	// taskchain: decode: offset 12: unexpected end of JSON input
}
