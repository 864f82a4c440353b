package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/internal/handwritten"
	"github.com/taskchain-go/taskchain/runner"
)

const (
	keptName  = "memory that a finished execution keeps"
	keptLimit = 48 // bytes a step
)

// kept is the bytes that one execution keeps beside its data.
type kept struct {
	steps  int
	byHand float64 // the trace
	ours   float64
}

func (k kept) verdict() verdict {
	perStep := k.ours / float64(k.steps)
	return verdict{
		asked:    fmt.Sprintf("< %d B a step", keptLimit),
		measured: fmt.Sprintf("%.1f", perStep),
		met:      perStep < keptLimit,
	}
}

func measureKept(executions int) ([]kept, error) {
	var all []kept
	for _, n := range []int{10, 100, 1000} {
		steps := handwritten.Steps(n, handwritten.Do)
		byHand, err := keep(executions, func() ([]handwritten.Event, error) {
			var t handwritten.Tally
			return handwritten.Traced(context.Background(), steps, &t)
		})
		if err != nil {
			return nil, err
		}
		r := runner.NewSync(chainOf(n, handwritten.Do).MustBuild())
		ours, err := keep(executions, func() (*chain.ExecutionContext[handwritten.Tally], error) {
			out, err := r.Run(context.Background(), handwritten.Tally{})
			return out.Context, err
		})
		if err != nil {
			return nil, err
		}
		ours -= float64(unsafe.Sizeof(handwritten.Tally{}))
		all = append(all, kept{n, byHand, ours})
	}
	return all, nil
}

// keep is the bytes that each result of run keeps.
func keep[T any](executions int, run func() (T, error)) (float64, error) {
	results := make([]T, executions)
	before := heap()
	for i := range results {
		var err error
		if results[i], err = run(); err != nil {
			return 0, err
		}
	}
	used := heap() - before
	runtime.KeepAlive(results)
	return float64(used) / float64(executions), nil
}

// heap is the bytes in use after everything unused is collected.
func heap() int {
	runtime.GC()
	runtime.GC() // finishes the sweep of the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func (all report) keptTable() string {
	var out strings.Builder
	fmt.Fprintf(&out, "### %s\n\n", keptName)
	out.WriteString("| steps | by hand, B | taskchain, B | B a step by hand | B a step | target |\n|--:|--:|--:|--:|--:|---|\n")
	for _, k := range all.kept {
		n := float64(k.steps)
		fmt.Fprintf(&out, "| %s | %s | %s | %.1f | %.1f | %s |\n", thousands(n), thousands(k.byHand), thousands(k.ours),
			k.byHand/n, k.ours/n, k.verdict())
	}
	if first, last := all.kept[0], all.kept[len(all.kept)-1]; len(all.kept) > 1 {
		each := (last.ours - first.ours) / float64(last.steps-first.steps)
		fmt.Fprintf(&out, "\nEach step adds %.1f B; %.0f B are there without any.\n", each, first.ours-each*float64(first.steps))
	}
	return out.String()
}
