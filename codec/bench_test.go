package codec_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/internal/handwritten"
	"github.com/taskchain-go/taskchain/runner"
)

// finished is an execution of 100 steps.
func finished(t testing.TB) *chain.ExecutionContext[handwritten.Tally] {
	t.Helper()
	b := chain.New[handwritten.Tally]()
	for i := range 100 {
		b = b.Step(fmt.Sprint("step", i), handwritten.Do).Compensate(handwritten.Undo).Builder
	}
	out, err := runner.NewSync(b.MustBuild()).Run(context.Background(), handwritten.Tally{})
	require.NoError(t, err)
	return out.Context
}

// bare is the same data and the same events for encoding/json.
func bare(t testing.TB, exec *chain.ExecutionContext[handwritten.Tally]) handwritten.Document {
	t.Helper()
	trace, err := json.Marshal(exec.Trace())
	require.NoError(t, err)
	document := handwritten.Document{Data: exec.Data}
	require.NoError(t, json.Unmarshal(trace, &document.Trace))
	again, err := json.Marshal(document.Trace)
	require.NoError(t, err)
	require.Equal(t, string(trace), string(again))
	return document
}

func BenchmarkMarshal(b *testing.B) {
	exec := finished(b)
	document := bare(b, exec)
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(document); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("codec", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := codec.Marshal(exec); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkUnmarshal(b *testing.B) {
	exec := finished(b)
	document, err := json.Marshal(bare(b, exec))
	require.NoError(b, err)
	doc, err := codec.Marshal(exec)
	require.NoError(b, err)
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := json.Unmarshal(document, new(handwritten.Document)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("codec", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := codec.Unmarshal[handwritten.Tally](doc); err != nil {
				b.Fatal(err)
			}
		}
	})
}
