package codec_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

type cart struct {
	Items []string `json:"items"`
	Total int      `json:"total"`
}

// execution is one with something of everything.
func execution(t testing.TB) *chain.ExecutionContext[cart] {
	t.Helper()
	pass := func(context.Context, *cart) error { return nil }
	plan := chain.New[cart]().Named("checkout").
		Step("reserve", pass).Compensate(pass).
		Step("gift", pass).When(func(context.Context, *cart) bool { return false }).
		Process("fulfil", chain.New[cart]().
			Step("pack", pass).Compensate(func(context.Context, *cart) error { return chain.ErrTimeout }).
			Step("ship", func(context.Context, *cart) error { panic("no such street") }).Retry(policy.Fixed(2, 0))).
		OnFailure(policy.Compensate).
		MustBuild()
	exec := chain.NewExecutionContext(cart{Items: []string{"lamp"}, Total: 40}, chain.WithID("order-7"),
		chain.WithMetadata(map[string]any{"tenant": "acme", "n": int64(1<<53 + 1)}))
	out, err := runner.NewSync(plan).Resume(context.Background(), exec)
	require.Error(t, err)
	require.Equal(t, chain.Stuck, out.Status)
	return out.Context
}

func TestMarshalAndUnmarshal(t *testing.T) {
	exec := execution(t)
	doc, err := codec.Marshal(exec)
	require.NoError(t, err)
	same, err := json.Marshal(exec)
	require.NoError(t, err)
	require.Equal(t, string(same), string(doc), "the form is that of encoding/json")

	back, err := codec.Unmarshal[cart](doc, codec.Strict())
	require.NoError(t, err)
	require.Equal(t, exec.ID, back.ID)
	require.Equal(t, exec.Data, back.Data)
	require.Equal(t, exec.Status(), back.Status())
	require.Equal(t, exec.Completed(), back.Completed())
	require.Equal(t, exec.Trace().String(), back.Trace().String())
	again, err := codec.Marshal(back)
	require.NoError(t, err)
	require.Equal(t, string(doc), string(again))
}

func TestMarshalNil(t *testing.T) {
	doc, err := codec.Marshal[cart](nil)
	require.EqualError(t, err, "taskchain: encode: the execution is nil")
	require.Nil(t, doc)
}

func TestMarshalOfWhatJSONCannotHold(t *testing.T) {
	_, err := codec.Marshal(chain.NewExecutionContext(make(chan int)))
	require.EqualError(t, err, "taskchain: encode: data: json: unsupported type: chan int")
}

func TestUnmarshalReturnsNoExecutionWithAnError(t *testing.T) {
	for doc, want := range map[string]string{
		``:     "taskchain: decode: the document is empty",
		`null`: "taskchain: decode: version: is missing",
		`{"version":1,"id":"o","status":"aborted","data":{"total":"x"}}`:                            "taskchain: decode: data.total: want int, got string",
		`{"version":1,"id":"o","status":"aborted","data":{},"trace":[{"kind":"log"}]}`:              "taskchain: decode: trace[0].time: is missing",
		`{"version":1,"id":"o","status":"aborted","data":{},"trace":[{"kind":"log","time":"now"}]}`: `taskchain: decode: trace[0].time: parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"`,
	} {
		exec, err := codec.Unmarshal[cart]([]byte(doc))
		require.EqualError(t, err, want)
		require.Nil(t, exec)
	}
}

// wrapped is a Codec of a user's, around the default one.
type wrapped struct{ codec.Codec[cart] }

func (w wrapped) Encode(s chain.Snapshot[cart]) ([]byte, error) {
	doc, err := w.Codec.Encode(s)
	return []byte(base64.StdEncoding.EncodeToString(doc)), err
}

func (w wrapped) Decode(doc []byte) (chain.Snapshot[cart], error) {
	plain, err := base64.StdEncoding.DecodeString(string(doc))
	if err != nil {
		return chain.Snapshot[cart]{}, err
	}
	return w.Codec.Decode(plain)
}

func TestCodecOfAUser(t *testing.T) {
	var c codec.Codec[cart] = wrapped{codec.JSON[cart]()}
	s := execution(t).Snapshot()
	doc, err := c.Encode(s)
	require.NoError(t, err)
	require.NotContains(t, string(doc), "{")
	back, err := c.Decode(doc)
	require.NoError(t, err)
	require.Equal(t, s.Steps, back.Steps)
	_, err = c.Decode([]byte("{"))
	require.Error(t, err)
}

// Nothing makes it panic, and what it accepts it writes again as it was.
func FuzzUnmarshal(f *testing.F) {
	doc, err := codec.Marshal(execution(f))
	require.NoError(f, err)
	f.Add(doc)
	pending, err := codec.Marshal(chain.NewExecutionContext(cart{}))
	require.NoError(f, err)
	f.Add(pending)
	for _, replace := range [][2]string{
		{`"stuck"`, `"running"`}, {`"stuck"`, `"compensating"`}, {`"version":1`, `"version":2`}, {`"undo_order":1`, `"undo_order":3`},
		{`"step"`, `"parallel"`}, {`9007199254740993`, `1.50e-3`}, {`"acme"`, `{"a":[1e400,-0,0.10]}`}, {`{"items":["lamp"],"total":40}`, "null"},
	} {
		f.Add(bytes.ReplaceAll(doc, []byte(replace[0]), []byte(replace[1])))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, opts := range [][]codec.Option{nil, {codec.Strict()}} {
			fuzzed[cart](t, doc, opts)
			fuzzed[any](t, doc, opts)
			fuzzed[*cart](t, doc, opts)
		}
	})
}

func fuzzed[T any](t *testing.T, doc []byte, opts []codec.Option) {
	exec, err := codec.Unmarshal[T](doc, opts...)
	if err != nil {
		require.Nil(t, exec)
		require.Regexp(t, "^taskchain: decode: ", err.Error())
		return
	}
	first, err := codec.Marshal(exec)
	if err != nil { // such as a year that time.Time reads and does not write
		require.Regexp(t, "^taskchain: encode: ", err.Error())
		return
	}
	back, err := codec.Unmarshal[T](first, codec.Strict())
	require.NoError(t, err, string(first))
	require.Equal(t, exec.Metadata(), back.Metadata())
	require.Equal(t, exec.Completed(), back.Completed())
	require.Equal(t, exec.Compensated(), back.Compensated())
	require.Equal(t, exec.Trace().String(), back.Trace().String())
	_, _, _ = back.Marks(), back.Progress(), back.Status()
	second, err := codec.Marshal(back)
	require.NoError(t, err)
	require.Equal(t, string(first), string(second))
}
