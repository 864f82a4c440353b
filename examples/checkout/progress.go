package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/taskchain-go/taskchain/chain"
)

// A progress shows how far the job is: on a terminal as one line that changes, elsewhere as a line now and
// then. It observes all executions, and draws when one of them has something to tell and the
// last time is long enough ago.
type progress struct {
	out      io.Writer
	quiet    bool
	terminal bool
	every    time.Duration

	mu      sync.Mutex
	next    time.Time
	drawn   bool // there is a line to be overwritten
	running int
	retries int
	ended   map[string]int // by status
}

func newProgress(out io.Writer, quiet bool) *progress {
	p := &progress{out: out, quiet: quiet, terminal: isTerminal(out), every: time.Second, ended: map[string]int{}}
	if p.terminal {
		p.every = 50 * time.Millisecond
	}
	p.next = time.Now().Add(p.every)
	return p
}

// observe is called with each event of each execution.
func (p *progress) observe(_ context.Context, event chain.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event.Kind {
	case chain.KindPlanStarted:
		p.running++
	case chain.KindRetrying:
		p.retries++
	case chain.KindPlanEnded:
		p.running--
		p.ended[event.Message]++
	}
	if now := time.Now(); !p.quiet && !now.Before(p.next) {
		p.next = now.Add(p.every)
		p.draw()
	}
}

// say tells something in a line of its own, quiet or not.
func (p *progress) say(what any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintln(p.out, what)
}

// clear takes the changing line away, for the report.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

func (p *progress) draw() {
	p.erase()
	succeeded, compensated, stuck := p.ended[chain.Succeeded.String()], p.ended[chain.Compensated.String()], p.ended[chain.Stuck.String()]
	fmt.Fprintf(p.out, "%d succeeded, %d compensated, %d stuck; %d running, %d retries", succeeded, compensated, stuck, p.running, p.retries)
	if p.terminal {
		p.drawn = true
		return
	}
	fmt.Fprintln(p.out)
}

func (p *progress) erase() {
	if p.drawn {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.drawn = false
	}
}
