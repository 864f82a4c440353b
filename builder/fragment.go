package builder

import (
	"context"
	"fmt"
)

// A Fragment is what a Process or Parallel is made of: a [Builder], a
// [StepBuilder], or a whole plan by way of [Embed]. It is sealed.
type Fragment[T any] interface {
	compile(c *compiler[T], level int, where position)
}

// settled is the fragment as it is at this moment: a pointer could change until
// Build, or be nil.
func settled[T any](f Fragment[T]) Fragment[T] {
	switch f := f.(type) {
	case *Builder[T]:
		if f == nil {
			return nil
		}
		return *f
	case *StepBuilder[T]:
		if f == nil {
			return nil
		}
		return *f
	}
	return f
}

// Embed makes a plan over U a fragment of a plan over T. at finds the U inside
// the T; it must give the same place each time and must not return nil, which
// is an error of the step. The plan's failure strategy and deadline come along,
// its name does not. Inside, chain.FromContext finds the execution of the outer
// plan, over T.
func Embed[T, U any](plan *Plan[U], at func(*T) *U) Fragment[T] {
	return embedded[T, U]{plan, at}
}

type embedded[T, U any] struct {
	plan *Plan[U]
	at   func(*T) *U
}

func (e embedded[T, U]) compile(c *compiler[T], level int, where position) {
	outer := c.steps[level]
	switch {
	case e.plan == nil:
		c.fault(level, where, "nil plan to embed")
	case len(e.plan.steps) == 0:
		c.fault(level, where, "a plan to embed that Build did not make")
	}
	if e.at == nil {
		c.fault(level, where, "nil func to embed a plan at")
	}
	if e.plan == nil || len(e.plan.steps) == 0 || e.at == nil {
		return
	}
	root := e.plan.steps[0]
	c.steps[level].Failure, c.steps[level].HandlesFailure = root.Failure, root.HandlesFailure
	c.steps[level].Within = root.Within
	for i, s := range e.plan.steps[1:] {
		s.Path = outer.Path + "/" + s.Path
		s.Parent += level
		s.Depth += outer.Depth
		next := s.Next + level
		index := c.add(s, e.lift(e.plan.funcs[i+1]))
		c.steps[index].Next = next
	}
	c.steps[level].Next = len(c.steps)
}

// lift makes functions over U functions over T.
func (e embedded[T, U]) lift(f Funcs[U]) Funcs[T] {
	return Funcs[T]{
		Do:        e.liftStep(f.Do),
		Start:     e.liftAsync(f.Start),
		Undo:      e.liftStep(f.Undo),
		StartUndo: e.liftAsync(f.StartUndo),
		When:      e.liftWhen(f.When),
	}
}

func (e embedded[T, U]) liftStep(f StepFunc[U]) StepFunc[T] {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, data *T) error {
		part, err := e.part(data)
		if err != nil {
			return err
		}
		return f(ctx, part)
	}
}

func (e embedded[T, U]) liftAsync(f AsyncFunc[U]) AsyncFunc[T] {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, data *T) <-chan error {
		part, err := e.part(data)
		if err != nil {
			result := make(chan error, 1)
			result <- err
			return result
		}
		return f(ctx, part)
	}
}

func (e embedded[T, U]) liftWhen(f func(context.Context, *U) bool) func(context.Context, *T) bool {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, data *T) bool {
		part, err := e.part(data)
		if err != nil {
			panic(err) // a condition has no other way to fail; the engine makes it the step's error
		}
		return f(ctx, part)
	}
}

func (e embedded[T, U]) part(data *T) (*U, error) {
	if part := e.at(data); part != nil {
		return part, nil
	}
	return nil, fmt.Errorf("builder: embedded plan %q: its data is nil", e.plan.name)
}
