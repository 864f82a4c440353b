package main

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
)

// tell has a progress observe an order that takes two attempts, and a line that is none.
func tell(ctx context.Context, p *progress) {
	p.observe(ctx, chain.Event{Kind: chain.KindPlanStarted})
	p.observe(ctx, chain.Event{Kind: chain.KindRetrying})
	p.say(errors.New("line 7: no id"))
	p.observe(ctx, chain.Event{Kind: chain.KindPlanEnded, Message: chain.Succeeded.String()})
	p.clear()
}

const (
	began    = "0 succeeded, 0 compensated, 0 stuck; 1 running, 0 retries"
	retrying = "0 succeeded, 0 compensated, 0 stuck; 1 running, 1 retries"
	ended    = "1 succeeded, 0 compensated, 0 stuck; 0 running, 1 retries"
)

func TestProgressInLines(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, false)
	p.next, p.every = p.next.Add(-p.every), 0 // now, and always
	tell(t.Context(), p)
	require.Equal(t, began+"\n"+retrying+"\nline 7: no id\n"+ended+"\n", out.String())
}

func TestProgressOnATerminal(t *testing.T) {
	const erase = "\r\x1b[K"
	var out bytes.Buffer
	p := newProgress(&out, false)
	p.next, p.every = p.next.Add(-p.every), 0
	p.terminal = true
	tell(t.Context(), p)
	require.Equal(t, began+erase+retrying+erase+"line 7: no id\n"+ended+erase, out.String())
}

func TestProgressNowAndThen(t *testing.T) {
	var out bytes.Buffer
	tell(t.Context(), newProgress(&out, false))
	require.Equal(t, "line 7: no id\n", out.String(), "no second has passed")
}

func TestQuiet(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, true)
	p.next, p.every = p.next.Add(-p.every), 0
	tell(t.Context(), p)
	require.Equal(t, "line 7: no id\n", out.String())
}
