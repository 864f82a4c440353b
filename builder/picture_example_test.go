package builder_test

import (
	"fmt"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

func small() *builder.Plan[Order] {
	return chain.New[Order]().Named("small").
		Step("reserve", reserve).Compensate(release).
		Parallel("fulfil", chain.New[Order]().
			Step("ship", ship).
			Step("mail", mail)).
		OnFailure(policy.Compensate).
		MustBuild()
}

// With marks, a picture shows an execution; those of a chain.ExecutionContext
// are its Marks.
func ExamplePlan_Picture() {
	fmt.Print(small().Picture(map[string]builder.Mark{
		"reserve":     {State: builder.Compensated, Note: "12ms"},
		"fulfil":      {State: builder.Failed},
		"fulfil/ship": {State: builder.Failed, Note: "3 attempts, 120ms"},
	}))
	// Output:
	// small (on failure: compensate)
	// ├── ↩ reserve  (compensation)  12ms
	// └── ✗ fulfil  (parallel)
	//     ├── ✗ ship  3 attempts, 120ms
	//     └── · mail
}

func ExamplePlan_String() {
	fmt.Println(small())
	// Output:
	// small (on failure: compensate)
	// ├── reserve  (compensation)
	// └── fulfil  (parallel)
	//     ├── ship
	//     └── mail
}

func ExamplePlan_Mermaid() {
	fmt.Println(small().Mermaid())
	// Output:
	// ---
	// title: "small (on failure: compensate)"
	// ---
	// flowchart TD
	//     s1[["reserve<br/>compensation"]]
	//     subgraph s2["fulfil<br/>parallel"]
	//         s3["ship"]
	//         s4["mail"]
	//     end
	//     s1 --> s3
	//     s1 --> s4
}

func ExamplePlan_DOT() {
	fmt.Println(small().DOT())
	// Output:
	// digraph plan {
	//   graph [label="small (on failure: compensate)", labelloc=t, fontname="Helvetica,Arial,sans-serif"]
	//   node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica,Arial,sans-serif", fontsize=11]
	//   edge [arrowsize=0.7]
	//   s1 [shape=Mrecord, label="{reserve|compensation}"]
	//   subgraph cluster_s2 {
	//     graph [style="rounded,filled", fillcolor=white, labeljust=l, fontsize=11]
	//     graph [label="fulfil\lparallel\l"]
	//     s3 [label="ship"]
	//     s4 [label="mail"]
	//   }
	//   s1 -> s3
	//   s1 -> s4
	// }
}
