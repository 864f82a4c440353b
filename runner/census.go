package runner

import (
	"context"
	"fmt"
	"sync"
)

// A census counts the executions of a runner, for its Shutdown.
type census struct {
	mu      sync.Mutex
	running int
	closed  bool
	idle    chan struct{} // closed when nothing runs any more; made by wait
}

// enter counts one more, unless the runner is shut down.
func (c *census) enter() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrShutdown
	}
	c.running++
	return nil
}

func (c *census) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	if c.running == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// close refuses new ones from now on, and tells whether it was the first to.
func (c *census) close() (first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first, c.closed = !c.closed, true
	return first
}

// wait waits until none is left. If ctx ends first it says how many are.
func (c *census) wait(ctx context.Context) error {
	c.mu.Lock()
	if c.running == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()

	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running == 0 {
		return nil
	}
	return fmt.Errorf("runner: %d executions still run: %w", c.running, context.Cause(ctx))
}
