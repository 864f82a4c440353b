package otel

import (
	"sync"
	"sync/atomic"
)

// A cache keeps what is the same for every execution of a plan. It is safe for
// concurrent use; the zero cache is empty.
type cache[K comparable, V any] struct {
	kept sync.Map
	size atomic.Int64
}

// mostKept is how much a cache keeps: paths can be made of data.
const mostKept = 10_000

func (c *cache[K, V]) get(key K, make func() V) V {
	if kept, ok := c.kept.Load(key); ok {
		return kept.(V)
	}
	v := make()
	if c.size.Add(1) <= mostKept {
		c.kept.Store(key, v)
	}
	return v
}
