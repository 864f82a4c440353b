package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/internal/handwritten"
)

// A contender that did less than the others would win for nothing.
func TestEachContenderDoesItsWork(t *testing.T) {
	for w := range works {
		for _, c := range w.contenders {
			t.Run(w.name+"/"+c.name, func(t *testing.T) {
				for range 2 { // what is prepared once holds no state of a run
					tally, err := c.run()
					if w.fails {
						require.ErrorIs(t, err, handwritten.Err)
					} else {
						require.NoError(t, err)
					}
					require.Equal(t, w.wants, tally)
				}
			})
		}
	}
}

func TestTheDocumentSaysWhatTheTraceSays(t *testing.T) {
	exec, document := finished()
	byHand, err := json.Marshal(document.Trace)
	require.NoError(t, err)
	trace, err := json.Marshal(exec.Trace())
	require.NoError(t, err)
	require.Len(t, document.Trace, 2+2*100)
	require.Equal(t, string(trace), string(byHand))

	doc, err := codec.Marshal(exec)
	require.NoError(t, err)
	back, err := codec.Unmarshal[handwritten.Tally](doc)
	require.NoError(t, err)
	require.Equal(t, exec.Trace().String(), back.Trace().String())
}
