package codec_test

import (
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
)

func ExampleJSON() {
	c := codec.JSON[Order]()
	doc, err := c.Encode(chain.NewExecutionContext(Order{Item: "lamp"}, chain.WithID("order-7")).Snapshot())
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot, err := c.Decode(doc)
	fmt.Println(snapshot.ID, snapshot.Status, snapshot.Data.Item, err)
	// Output:
	// order-7 pending lamp <nil>
}

func ExampleStrict() {
	doc := []byte(`{"version":1,"id":"order-7","status":"pending","data":{"item":"lamp","colour":"red"}}`)

	_, err := codec.Unmarshal[Order](doc)
	fmt.Println(err)
	_, err = codec.Unmarshal[Order](doc, codec.Strict())
	fmt.Println(err)
	// Output:
	// <nil>
	// taskchain: decode: data: unknown field "colour"
}

func ExampleLimit() {
	_, err := codec.Unmarshal[Order](make([]byte, 2000), codec.Limit(1000))
	fmt.Println(err)
	// Output:
	// taskchain: decode: the document has 2000 bytes, the limit is 1000
}
