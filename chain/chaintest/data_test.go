package chaintest_test

import (
	"context"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
	"github.com/taskchain-go/taskchain/policy"
)

// exploreData explores a plan of one step that does nothing to the data.
func exploreData[T any](t *testing.T, data T, opts ...chaintest.Option) *recorder {
	t.Helper()
	r := &recorder{TB: t}
	plan := chain.New[T]().Step("a", chaintest.Nothing[T]()).MustBuild()
	chaintest.Explore(r, plan, func() T { return data }, func(chain.Outcome[T]) error { return nil }, opts...)
	return r
}

type secret struct{ pin int }

func TestDataThatDoesNotSurviveJSONIsNamed(t *testing.T) {
	type inner struct {
		Name  string
		token string
	}
	type data struct {
		Inner  *inner
		List   []inner
		Any    any
		Map    map[string]any
		Hidden chan int `json:"-"`
		Func   func()   `json:"-"`
	}
	type lossy struct{ N int }
	for name, tt := range map[string]struct {
		data any
		want string
	}{
		"unexported":          {data{Inner: &inner{token: "x"}}, "data.Inner.token is lost"},
		"in a slice":          {data{List: []inner{{}, {token: "x"}}}, "data.List[1].token is lost"},
		"left out":            {data{Hidden: make(chan int)}, "data.Hidden is lost"},
		"func":                {data{Func: func() {}}, "data.Func is lost"},
		"a number in any":     {data{Any: 1}, "data.Any was of type int and comes back as float64"},
		"a struct in a map":   {data{Map: map[string]any{"a": lossy{1}}}, "data.Map[a] was of type chaintest_test.lossy and comes back as map[string]interface {}"},
		"not JSON at all":     {struct{ C chan int }{make(chan int)}, "taskchain: encode: data: json: unsupported type: chan int"},
		"unexported, no name": {struct{ secret }{secret{1}}, "the data.secret.pin is lost"},
	} {
		t.Run(name, func(t *testing.T) {
			var r *recorder
			switch d := tt.data.(type) {
			case data:
				r = exploreData(t, d)
			case struct{ C chan int }:
				r = exploreData(t, d)
			case struct{ secret }:
				r = exploreData(t, d)
			}
			require.Equal(t, []string{"chaintest: the data does not survive JSON, by which a resume finds it: " + tt.want +
				"; the cases in which the process dies were left out"}, r.errors)
			require.Equal(t, []string{"chaintest: 10 cases hold"}, r.logs)
		})
	}
}

// cents has an opinion of its own on what is equal.
type cents struct {
	n     int64
	scale int
}

func (c cents) Equal(d cents) bool            { return c.n == d.n }
func (c cents) MarshalJSON() ([]byte, error)  { return json.Marshal(c.n) }
func (c *cents) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &c.n) }

func TestDataThatSurvivesJSON(t *testing.T) {
	type data struct {
		Time    time.Time // has a monotonic part that JSON has not
		Big     *big.Int
		Cents   cents
		Pointer *cents
		None    *cents
		Empty   []int
		NoMap   map[string]int
		Map     map[string]any
		Array   [2]float64
		zero    int
	}
	r := exploreData(t, data{
		Time: time.Now(), Big: big.NewInt(7), Cents: cents{5, 2}, Pointer: &cents{5, 2}, Empty: []int{},
		Map: map[string]any{"a": []any{"b", 1.5, nil, true}}, zero: 0,
	})
	require.Empty(t, r.errors)
	require.Equal(t, []string{"chaintest: 12 cases hold"}, r.logs)

	require.Empty(t, exploreData(t, map[string]any{"a": "b"}).errors)
	require.Empty(t, exploreData(t, &secret{}).errors)
	require.Empty(t, exploreData(t, []string{"a"}).errors)
}

// A world that the data only points to is found again as the program itself
// would find it.
func TestRebind(t *testing.T) {
	type parcel struct {
		order
		World *books `json:"-"`
	}
	at := func(f func(*books) builder.StepFunc[order]) builder.StepFunc[parcel] {
		return func(ctx context.Context, p *parcel) error { return f(p.World)(ctx, &p.order) }
	}
	plan := chain.New[parcel]().OnFailure(policy.Compensate).
		Step("a", at(func(b *books) builder.StepFunc[order] { return b.take("a") })).
		Compensate(at(func(b *books) builder.StepFunc[order] { return b.give("a") })).CompensateOnFailure().
		Step("b", chaintest.Nothing[parcel]()).
		MustBuild()
	newData := func() parcel { return parcel{order{Amount: 1}, newBooks()} }
	check := func(out chain.Outcome[parcel]) error {
		outer := chain.Outcome[order]{Status: out.Status, Context: chain.NewExecutionContext(out.Context.Data.order)}
		return balance(outer, out.Context.Data.World)
	}

	r := &recorder{TB: t}
	chaintest.Explore(r, plan, newData, check)
	require.Equal(t, []string{"chaintest: the data does not survive JSON, by which a resume finds it: parcel.World is lost; the cases in which the process dies were left out"}, r.errors)

	r = &recorder{TB: t}
	chaintest.Explore(r, plan, newData, check, chaintest.Rebind(func(lost, restored *parcel) { restored.World = lost.World }))
	require.Empty(t, r.errors)
	require.Equal(t, []string{"chaintest: 30 cases hold"}, r.logs)
}

// What a call has done to the data is lost with its process, so the second call
// of a repeated step has the data of the first: this one adds to a list and is
// right. Where a retry follows in the same process it is not.
func TestARepeatedStepHasTheDataOfTheFirstCall(t *testing.T) {
	plan := func(retry policy.Retry) *builder.Plan[map[string][]string] {
		return chain.New[map[string][]string]().
			Step("a", func(_ context.Context, data *map[string][]string) error {
				(*data)["list"] = append((*data)["list"], "a")
				return nil
			}).Retry(retry).
			MustBuild()
	}
	newData := func() map[string][]string { return map[string][]string{"list": {}} }
	check := func(out chain.Outcome[map[string][]string]) error {
		if n := len(out.Context.Data["list"]); out.Status == chain.Succeeded && n != 1 {
			return context.DeadlineExceeded
		}
		return nil
	}
	r := &recorder{TB: t}
	chaintest.Explore(r, plan(policy.Retry{}), newData, check)
	require.Empty(t, r.errors)

	chaintest.Explore(r, plan(policy.Fixed(2, 0)), newData, check)
	require.Len(t, r.errors, 1)
	require.True(t, strings.HasPrefix(r.errors[0], "chaintest: 2 of 15 cases broken\na: effect happened, reply lost, then tried again; then succeeded"), r.errors[0])
}
