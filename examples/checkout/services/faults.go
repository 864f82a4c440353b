package services

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"net/http"
	"sync"
	"time"
)

// maxInARow bounds the faults that follow one another for one order and method of a service, so that
// faults alone never make four attempts fail.
const maxInARow = 3

// Faults says how often the services fail. The rates are shares of all calls, each between 0 and 1,
// and together at most 1. The zero value is no faults.
//
// At most three faults in a row hit one order with one method of one service.
type Faults struct {
	Seed uint64

	Unavailable float64 // answers 503; the effect has not happened
	Limited     float64 // answers 429 with a Retry-After of 0 s, or rarely 1 s; the effect has not happened
	Slow        float64 // the effect happens, the answer comes after Delay
	Lost        float64 // the effect happens, the connection is cut in place of the answer

	Delay time.Duration // what a slow answer waits
	Undo  float64       // share of the rates that holds for DELETE, between 0 and 1

	// Stuck makes every refund to the card "no-refunds" fail with 500, for good.
	Stuck bool
}

// DefaultFaults returns faults for about one call in five.
func DefaultFaults(seed uint64) Faults {
	return Faults{
		Seed:        seed,
		Unavailable: 0.07,
		Limited:     0.04,
		Slow:        0.03,
		Lost:        0.06,
		Delay:       100 * time.Millisecond,
		Undo:        0.5,
	}
}

// Validate reports a rate outside [0,1], rates that add up to more than 1, or a negative delay.
func (f Faults) Validate() error {
	for _, r := range []struct {
		name string
		rate float64
	}{
		{"Unavailable", f.Unavailable}, {"Limited", f.Limited}, {"Slow", f.Slow}, {"Lost", f.Lost}, {"Undo", f.Undo},
	} {
		if !(r.rate >= 0 && r.rate <= 1) { // written so that NaN fails
			return fmt.Errorf("services: faults: %s is %v, not between 0 and 1", r.name, r.rate)
		}
	}
	const rounding = 1e-9
	if sum := f.Unavailable + f.Limited + f.Slow + f.Lost; sum > 1+rounding {
		return fmt.Errorf("services: faults: the rates add up to %v, more than 1", sum)
	}
	if f.Delay < 0 {
		return fmt.Errorf("services: faults: Delay is negative: %v", f.Delay)
	}
	return nil
}

type fault uint8

const (
	none fault = iota
	unavailable
	limited
	slow
	lost
)

// pick turns a roll in [0,1) into a fault.
func (f Faults) pick(method string, roll float64) fault {
	share := 1.0
	if method == http.MethodDelete {
		share = f.Undo
	}
	kinds := []struct {
		fault fault
		rate  float64
	}{{unavailable, f.Unavailable}, {limited, f.Limited}, {slow, f.Slow}, {lost, f.Lost}}
	for _, k := range kinds {
		if roll < k.rate*share {
			return k.fault
		}
		roll -= k.rate * share
	}
	return none
}

// dice rolls the faults of one service. It counts calls by method and order: calls for one order
// follow one another, so what it rolls does not depend on how orders interleave.
type dice struct {
	faults  Faults
	service string

	mu    sync.Mutex
	calls map[call]streak
}

type call struct{ method, order string }

type streak struct{ calls, faults int }

func newDice(service string, f Faults) *dice {
	return &dice{faults: f, service: service, calls: map[call]streak{}}
}

// roll returns the fault of the next call, and the seconds a limited caller shall wait.
func (d *dice) roll(method, order string) (f fault, wait int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := call{method, order}
	s := d.calls[c]
	s.calls++
	f = d.faults.pick(method, d.chance("fault", c, s.calls))
	if f != none && s.faults < maxInARow {
		s.faults++
	} else {
		f, s.faults = none, 0
	}
	d.calls[c] = s
	if f == limited && d.chance("wait", c, s.calls) < 0.05 {
		wait = 1
	}
	return f, wait
}

// chance returns a number in [0,1) that depends on its arguments, the seed and the service only.
func (d *dice) chance(what string, c call, n int) float64 {
	h := fnv.New64a()
	_ = binary.Write(h, binary.LittleEndian, [2]uint64{d.faults.Seed, uint64(n)})
	fmt.Fprintf(h, "%q %q %q %q", what, d.service, c.method, c.order)
	return float64(mix(h.Sum64())>>11) / (1 << 53)
}

// mix spreads the bits (the finalizer of MurmurHash3): FNV leaves the high ones of short, similar
// inputs too much alike.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
