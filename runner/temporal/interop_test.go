package temporal_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	sdk "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

// A worker that is told to stop lets its step finish: it is neither cancelled nor
// run again, and another worker goes on with the next.
func TestAWorkerThatIsToldToStop(t *testing.T) {
	c, queue := dial(t), newName()
	begun := make(chan struct{})
	var ran atomic.Int32
	plan := chain.New[book]().
		Step("in flight", func(ctx context.Context, b *book) error {
			ran.Add(1)
			close(begun)
			<-activity.GetWorkerStopChannel(ctx) // told to stop
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("cancelled: %w", err)
			}
			b.Lines = append(b.Lines, "finished")
			return nil
		}).
		Step("next", writes("next")).MustBuild()
	w := worker.New(c, queue, temporal.Recommended(worker.Options{}))
	require.NoError(t, temporal.Register(w, plan, temporal.Name(queue)))
	require.NoError(t, w.Start())
	h, err := temporal.NewRunner(c, plan, temporal.Name(queue), temporal.Heartbeat(time.Second)).Start(t.Context(), book{}, id())
	require.NoError(t, err)
	<-begun
	w.Stop() // returns when the step has
	work(t, c, queue, plan)
	out, err := h.Wait(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"finished", "next"}, out.Context.Data.Lines)
	require.EqualValues(t, 1, ran.Load())
}

// What somebody has said of IDs holds.
func TestAnIDThatMayBeUsedAgain(t *testing.T) {
	plan := chain.New[book]().Step("a", func(_ context.Context, b *book) error { b.Text += "!"; return nil }).MustBuild()
	r := start(t, dial(t), plan, temporal.StartOptions(func(o *client.StartWorkflowOptions) {
		o.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	}))
	with := id()
	for _, text := range []string{"first", "second"} {
		h, err := r.Start(t.Context(), book{Text: text}, with)
		require.NoError(t, err)
		out, err := h.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, text+"!", out.Context.Data.Text)
	}
}

// A tracer is what OpenTelemetry's interceptor is made of: it keeps spans, by the
// path from the first.
type tracer struct {
	interceptor.BaseTracer
	mu    sync.Mutex
	spans map[string]int
}

type span struct{ path string }

func (s span) Finish(*interceptor.TracerFinishSpanOptions) {}

type spanKey struct{}

func (t *tracer) Options() interceptor.TracerOptions {
	return interceptor.TracerOptions{SpanContextKey: spanKey{}, HeaderKey: "test-span", AllowInvalidParentSpans: true}
}

func (t *tracer) UnmarshalSpan(m map[string]string) (interceptor.TracerSpanRef, error) {
	return span{m["path"]}, nil
}

func (t *tracer) MarshalSpan(s interceptor.TracerSpan) (map[string]string, error) {
	return map[string]string{"path": s.(span).path}, nil
}

func (t *tracer) SpanFromContext(ctx context.Context) interceptor.TracerSpan {
	s, ok := ctx.Value(spanKey{}).(span)
	if !ok {
		return nil
	}
	return s
}

func (t *tracer) ContextWithSpan(ctx context.Context, s interceptor.TracerSpan) context.Context {
	return context.WithValue(ctx, spanKey{}, s)
}

func (t *tracer) StartSpan(o *interceptor.TracerStartSpanOptions) (interceptor.TracerSpan, error) {
	s := span{o.Operation}
	if o.Parent != nil {
		s.path = o.Parent.(span).path + " > " + o.Operation
	}
	if strings.HasSuffix(o.Operation, "Activity") {
		s.path += " " + o.Name[strings.Index(o.Name, "/"):]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spans[s.path]++
	return s, nil
}

// The client's interceptors are called around all there is, and what they send
// along arrives: the spans of an execution are one tree, across its histories, and
// a step has that of its activity.
func TestInterceptorsAreKept(t *testing.T) {
	dial(t)
	spans := &tracer{spans: map[string]int{}}
	c, err := client.Dial(client.Options{HostPort: server.FrontendHostPort(), Logger: quiet(),
		Interceptors: []interceptor.ClientInterceptor{interceptor.NewTracingInterceptor(spans)}})
	require.NoError(t, err)
	defer c.Close()
	says := func(ctx context.Context, b *book) error {
		if s, ok := spans.SpanFromContext(ctx).(span); ok {
			b.Lines = append(b.Lines, s.path[strings.LastIndex(s.path, "> ")+2:])
		}
		return nil
	}
	plan := chain.New[book]().
		Step("a", says).Compensate(says).
		Parallel("p", chain.New[book]().Step("x", says).When(func(context.Context, *book) bool { return true })).
		Step("b", func(context.Context, *book) error { return errors.New("boom") }).
		OnFailure(policy.Compensate).MustBuild()
	out, err := start(t, c, plan).Run(t.Context(), book{})
	require.ErrorContains(t, err, "boom")
	require.Equal(t, []string{"RunActivity /a", "RunActivity /p/x", "RunActivity /a//compensation"}, out.Context.Data.Lines)
	spans.mu.Lock()
	defer spans.mu.Unlock()
	const begin = "StartWorkflow > RunWorkflow > StartActivity"
	for _, name := range []string{"/a", "/p/x//when", "/p/x", "/b", "/a//compensation"} {
		require.Equal(t, 1, spans.spans[fmt.Sprintf("%s %s > RunActivity %s", begin, name, name)], "%s in %v", name, spans.spans)
	}
}

// A sealer encrypts what Temporal gets to see.
type sealer struct{ cipher.AEAD }

func newSealer(t *testing.T) sealer {
	block, err := aes.NewCipher(make([]byte, 32))
	require.NoError(t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(t, err)
	return sealer{aead}
}

func (s sealer) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	sealed := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := p.Marshal()
		if err != nil {
			return nil, err
		}
		nonce := make([]byte, s.NonceSize())
		_, _ = rand.Read(nonce)
		sealed[i] = &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("binary/sealed")}, Data: s.Seal(nonce, nonce, plain, nil)}
	}
	return sealed, nil
}

func (s sealer) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	opened := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.Metadata["encoding"]) != "binary/sealed" {
			opened[i] = p
			continue
		}
		n := s.NonceSize()
		plain, err := s.Open(nil, p.Data[:n], p.Data[n:], nil)
		if err != nil {
			return nil, err
		}
		opened[i] = &commonpb.Payload{}
		if err := opened[i].Unmarshal(plain); err != nil {
			return nil, err
		}
	}
	return opened, nil
}

// With a data converter that encrypts, and a failure converter that encodes texts,
// nothing of the data, the errors, the metadata, the memo or what the steps log can
// be read in the history, nor in the heartbeats: across retries, a Parallel and
// several histories. The reason of a cancellation can.
func TestADataConverterIsKept(t *testing.T) {
	dial(t)
	hiding := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), newSealer(t))
	c, err := client.Dial(client.Options{HostPort: server.FrontendHostPort(), Logger: quiet(), DataConverter: hiding,
		FailureConverter: sdk.NewDefaultFailureConverter(sdk.DefaultFailureConverterOptions{DataConverter: hiding, EncodeCommonAttributes: true})})
	require.NoError(t, err)
	defer c.Close()
	hides := func(err error) builder.StepFunc[book] {
		return chain.Do(func(_ context.Context, exec *chain.ExecutionContext[book]) error {
			exec.Data.Text += "secret"
			exec.Set("secret", "secret")
			exec.Log(0, "secret")
			return err
		})
	}
	var tries atomic.Int32
	seen := make(chan struct{})
	fails := errors.New("a secret error")
	plan := chain.New[book]().
		Step("a", hides(nil)).Compensate(hides(nil)).
		Step("retried", func(ctx context.Context, b *book) error {
			if tries.Add(1) < 3 {
				return hides(fails)(ctx, b)
			}
			<-seen
			return nil
		}).Retry(policy.Fixed(3, 10*time.Millisecond)).
		Parallel("p", chain.New[book]().
			Process("x", chain.New[book]().Step("1", hides(nil)).Step("2", hides(nil)).Step("3", hides(nil))).
			Step("y", func(context.Context, *book) error { return nil })).
		Step("later", hides(fails)).Retry(policy.Fixed(2, 1100*time.Millisecond)).
		OnFailure(policy.Compensate).MustBuild()
	r := start(t, c, plan, temporal.MaxHistory(20), temporal.StartOptions(func(o *client.StartWorkflowOptions) {
		o.Memo = map[string]any{"tenant": "secret"}
	}))
	h, err := r.Start(t.Context(), book{Text: "secret"}, id(), chain.WithMetadata(map[string]any{"begin": "secret"}))
	require.NoError(t, err)
	require.Eventually(t, func() bool { // the failed attempts have been told
		shown, err := c.DescribeWorkflowExecution(t.Context(), h.ID(), "")
		require.NoError(t, err)
		text, err := protojson.Marshal(shown)
		require.NoError(t, err)
		require.NotContains(t, string(text), "secret")
		pending := shown.PendingActivities
		return len(pending) == 1 && len(pending[0].GetHeartbeatDetails().GetPayloads()) > 0 && tries.Load() == 3
	}, 10*time.Second, 20*time.Millisecond)
	close(seen)
	out, err := h.Wait(t.Context())
	require.ErrorContains(t, err, "a secret error")
	require.Equal(t, chain.Compensated, out.Status)
	require.Contains(t, out.Context.Trace().String(), "secret")
	require.Greater(t, len(runs(t, c, h.ID())), 2)
	for runID := ""; ; {
		history := c.GetWorkflowHistory(t.Context(), h.ID(), runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			e, err := history.Next()
			require.NoError(t, err)
			plain, err := e.Marshal()
			require.NoError(t, err)
			require.False(t, bytes.Contains(plain, []byte("secret")), "%v", e)
			if begin := e.GetWorkflowExecutionStartedEventAttributes(); begin != nil {
				runID = begin.GetContinuedExecutionRunId()
			}
		}
		if runID == "" {
			return
		}
	}
}
