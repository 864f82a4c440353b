package builder_test

import (
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

func ExamplePlan_Steps() {
	plan := chain.New[Order]().
		Step("reserve", reserve).Compensate(release).
		Process("fulfil", chain.New[Order]().Step("pack", pack)).
		MustBuild()
	for s := range plan.Steps() {
		fmt.Println(s.Index, s.Depth, s.Path, s.Kind, s.HasCompensation)
	}
	// Output:
	// 1 1 reserve step true
	// 2 1 fulfil process false
	// 3 2 fulfil/pack step false
}

func ExampleKind_Composite() {
	plan := chain.New[Order]().
		Step("reserve", reserve).
		Process("fulfil", chain.New[Order]().Step("pack", pack)).
		MustBuild()
	work := 0
	for s := range plan.Steps() {
		if !s.Kind.Composite() {
			work++
		}
	}
	fmt.Println(work, "steps have work to do")
	// Output: 2 steps have work to do
}

func ExamplePlan_Failure() {
	plan := chain.New[Order]().Step("reserve", reserve).OnFailure(policy.Continue).MustBuild()
	fmt.Println(plan.Failure())
	// Output: continue
}

func ExamplePlan_Async() {
	plan := chain.New[Order]().Step("reserve", reserve).AsyncStep("render", render).MustBuild()
	fmt.Println(plan.Async())
	// Output: true
}

// Only structure counts: another name or policy is still the same plan.
func ExamplePlan_Fingerprint() {
	plan := chain.New[Order]().Step("reserve", reserve)
	tuned := plan.Named("tuned").Step("charge", charge).Retry(policy.Fixed(3, 0))
	fmt.Println(plan.MustBuild().Fingerprint() == plan.Named("renamed").MustBuild().Fingerprint())
	fmt.Println(plan.MustBuild().Fingerprint() == tuned.MustBuild().Fingerprint())
	// Output:
	// true
	// false
}
