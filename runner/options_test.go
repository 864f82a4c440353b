package runner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func TestInterceptorsGoAroundEachAttempt(t *testing.T) {
	type key struct{}
	onEach(t, func(t *testing.T, k kind) {
		var calls []string
		around := func(name string) runner.Option {
			return runner.WithInterceptor(func(ctx context.Context, s chain.StepInfo, next func(context.Context) error) error {
				err := next(context.WithValue(ctx, key{}, name))
				calls = append(calls, fmt.Sprint(name, " ", s.Path, " ", s.Phase, " ", s.Attempt, " ", err))
				return err
			})
		}
		out, _ := k.run(t, t.Context(), steps().Named("plan").
			Step("a", func(ctx context.Context, w **world) error {
				require.Equal(t, "inner", ctx.Value(key{}))
				info, ok := chain.StepFrom(ctx)
				require.True(t, ok)
				require.Equal(t, "plan", info.Plan)
				return do("a")(ctx, w)
			}).Compensate(do("undo a")).
			Step("b", func(context.Context, **world) error { panic(errBoom) }).Retry(policy.Fixed(2, 0).RetryOn(policy.Is(errBoom))).
			OnFailure(policy.Compensate),
			around("outer"), around("inner"))
		require.Equal(t, chain.Compensated, out.Status)
		require.Equal(t, []string{
			"inner a forward 1 <nil>", "outer a forward 1 <nil>",
			"inner b forward 1 panic: boom", "outer b forward 1 panic: boom",
			"inner b forward 2 panic: boom", "outer b forward 2 panic: boom",
			"inner a compensation 1 <nil>", "outer a compensation 1 <nil>",
		}, calls)
	})
}

func TestAnInterceptorsErrorIsTheAttempts(t *testing.T) {
	for name, intercept := range map[string]func(context.Context, chain.StepInfo, func(context.Context) error) error{
		"without next": func(context.Context, chain.StepInfo, func(context.Context) error) error { return errBoom },
		"after next": func(ctx context.Context, _ chain.StepInfo, next func(context.Context) error) error {
			return errors.Join(next(ctx), errBoom)
		},
		"panic": func(context.Context, chain.StepInfo, func(context.Context) error) error { panic(errBoom) },
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, k kind) {
				out, err := k.run(t, t.Context(), steps().Step("a", do("a")).Builder, runner.WithInterceptor(intercept))
				require.ErrorIs(t, err, errBoom)
				require.Equal(t, chain.Aborted, out.Status)
			})
		})
	}
}

// An interceptor may keep what it is given; the step of another attempt must not
// run because of it.
func TestNextIsOfOneAttempt(t *testing.T) {
	const refused = "an interceptor has called next after its attempt, or with a context that is not made of the attempt's"
	onEach(t, func(t *testing.T, k kind) {
		var (
			early func() error
			errs  []error
		)
		keep := runner.WithInterceptor(func(ctx context.Context, s chain.StepInfo, next func(context.Context) error) error {
			switch s.Path {
			case "a":
				early = func() error { return next(ctx) }
			case "b":
				errs = append(errs, early(), next(t.Context()))
			case "c":
				return next(t.Context())
			}
			return next(ctx)
		})
		out, err := k.run(t, t.Context(), steps().Step("a", do("a")).Step("b", do("b")).Step("c", do("c")).Builder, keep)
		require.EqualError(t, errors.Unwrap(out.Failures[0]), refused)
		require.ErrorContains(t, err, refused)
		require.Equal(t, []string{"a", "b"}, done(out))
		for _, err := range append(errs, early()) {
			require.EqualError(t, err, refused)
		}
	})
}

func TestNextIsOverWhenItsInterceptorHasPanicked(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		var late []error
		var kept []func() error
		panics := runner.WithInterceptor(func(ctx context.Context, s chain.StepInfo, next func(context.Context) error) error {
			for _, next := range kept {
				late = append(late, next())
			}
			kept = append(kept, func() error { return next(ctx) })
			panic("lost")
		})
		plan := steps().Step("a", do("a")).Step("b", do("b")).Step("c", do("c")).OnFailure(policy.Continue)
		out, err := k.run(t, t.Context(), plan, panics)
		require.ErrorContains(t, err, "lost")
		require.Empty(t, done(out))
		require.Len(t, late, 3)
		for _, err := range late {
			require.ErrorContains(t, err, "an interceptor has called next after its attempt")
		}
	})
}

// The attempts of two branches, or of two executions, are under way at once, and a
// condition is none: next is for neither of them.
func TestNextIsOfOneWalk(t *testing.T) {
	var (
		condition context.Context
		errs      = make(chan error, 3)
		theirs    = map[string]chan context.Context{"p/x": make(chan context.Context), "p/y": make(chan context.Context)}
	)
	swap := runner.WithInterceptor(func(ctx context.Context, s chain.StepInfo, next func(context.Context) error) error {
		if s.Path == "a" {
			errs <- next(condition)
			return next(ctx)
		}
		other := map[string]string{"p/x": "p/y", "p/y": "p/x"}[s.Path]
		go func() { theirs[other] <- ctx }()
		errs <- next(<-theirs[s.Path])
		go func() { theirs[other] <- nil }() // lest the other's attempt be over before it is asked
		<-theirs[s.Path]
		return next(ctx)
	})
	nothing := func(context.Context, **world) error { return nil }
	plan := steps().
		Step("a", nothing).When(func(ctx context.Context, _ **world) bool { condition = ctx; return true }).
		Parallel("p", steps().Step("x", nothing).Step("y", nothing)).
		MustBuild()
	_, err := runner.NewAsync(plan, swap).Run(t.Context(), &world{})
	require.NoError(t, err)
	for range 3 {
		require.ErrorContains(t, <-errs, "an interceptor has called next after its attempt")
	}
}

// A context is made of the attempt's also by way of another execution.
func TestNextInsideAnotherExecution(t *testing.T) {
	type call = func(context.Context) error
	inner := runner.NewSync(chain.New[*call]().
		Step("call", func(ctx context.Context, next **call) error { return (**next)(ctx) }).MustBuild())
	onEach(t, func(t *testing.T, k kind) {
		out, err := k.run(t, t.Context(), steps().Step("a", do("a")).Builder, runner.WithInterceptor(
			func(ctx context.Context, _ chain.StepInfo, next func(context.Context) error) error {
				_, err := inner.Run(ctx, &next)
				return err
			}))
		require.NoError(t, err)
		require.Equal(t, []string{"a"}, done(out))
	})
}

// What takes too long may be left behind, with next under way: it neither reaches
// another execution nor disturbs this one.
func TestAnInterceptorMayLeaveNextBehind(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		impatient := runner.WithInterceptor(func(ctx context.Context, _ chain.StepInfo, next func(context.Context) error) error {
			returned := make(chan error, 1)
			go func() { returned <- next(ctx) }()
			select {
			case err := <-returned:
				return err
			case <-time.After(time.Second):
				return errBoom
			}
		})
		var ids []string
		paths := make(chan string, 2)
		slow := func(ctx context.Context, _ **world) error {
			time.Sleep(time.Minute)
			info, _ := chain.StepFrom(ctx)
			paths <- info.ExecutionID + info.Path
			return nil
		}
		r := k.make(steps().Step("slow", slow).MustBuild(), impatient)
		for range 2 {
			out, err := r.Run(t.Context(), &world{})
			require.ErrorIs(t, err, errBoom)
			ids = append(ids, out.Context.ID+"slow")
		}
		require.Equal(t, ids, []string{<-paths, <-paths})
	})
}

func TestErrorTextKeepsSecretsOutOfTheTrace(t *testing.T) {
	secret := errors.New("card 4111-1111")
	onEach(t, func(t *testing.T, k kind) {
		var logged bytes.Buffer
		out, err := k.run(t, t.Context(), steps().
			Step("a", do("a")).Compensate(fails("undo a", secret)).
			Process("p", steps().Step("b", fails("b", secret)).Retry(policy.Fixed(2, 0))).
			OnFailure(policy.Compensate),
			runner.WithErrorText(func(err error) string { return fmt.Sprintf("%T", err) }),
			runner.LogTo(slog.New(slog.NewTextHandler(&logged, nil))))
		require.ErrorIs(t, err, secret, "the outcome has the error itself")
		doc, err := json.Marshal(out.Context)
		require.NoError(t, err)
		for where, text := range map[string]string{"trace": out.Context.Trace().String(), "json": string(doc), "log": logged.String()} {
			require.NotContains(t, text, "4111", where)
			require.Contains(t, text, "*errors.errorString", where)
		}
	})
}

func TestBadInputIsRefusedBeforeAnythingRuns(t *testing.T) {
	plan := steps().Step("a", do("a")).MustBuild()
	for name, option := range map[string]runner.Option{
		"WithObserver: nil func":                      runner.WithObserver(nil),
		"WithInterceptor: nil func":                   runner.WithInterceptor(nil),
		"WithErrorText: nil func":                     runner.WithErrorText(nil),
		"LogTo: nil logger":                           runner.LogTo(nil),
		"WithConcurrency: must be at least 1, got 0":  runner.WithConcurrency(0),
		"WithConcurrency: must be at least 1, got -3": runner.WithConcurrency(-3),
	} {
		onEach(t, func(t *testing.T, k kind) {
			w := &world{}
			_, err := k.make(plan, runner.Option{}, option).Run(t.Context(), w)
			require.EqualError(t, err, "runner: "+name)
			require.Empty(t, w.Done)
		})
	}
	onEach(t, func(t *testing.T, k kind) {
		_, err := k.make(nil).Run(t.Context(), &world{})
		require.EqualError(t, err, "runner: the plan is nil")
		var none context.Context
		_, err = k.make(plan).Run(none, &world{})
		require.EqualError(t, err, "runner: the context is nil")
		_, err = k.make(plan).Run(t.Context(), nil)
		require.EqualError(t, err, "runner: the data is a nil *runner_test.world")
		_, err = k.make(plan).Resume(t.Context(), nil)
		require.EqualError(t, err, "runner: the execution to resume is nil")
	})
	_, err := new(runner.Sync[int]).Run(t.Context(), 1)
	require.ErrorContains(t, err, "the zero runner has no plan")
	_, err = new(runner.Async[int]).Run(t.Context(), 1)
	require.ErrorContains(t, err, "the zero runner has no plan")
}

func TestNilDataOfEveryKind(t *testing.T) {
	maps := chain.New[map[string]int]().Step("a", func(context.Context, *map[string]int) error { return nil }).MustBuild()
	_, err := runner.NewSync(maps).Run(t.Context(), nil)
	require.ErrorContains(t, err, "the data is a nil map[string]int")
	_, err = runner.NewSync(maps).Run(t.Context(), map[string]int{})
	require.NoError(t, err)

	anything := chain.New[any]().Step("a", func(context.Context, *any) error { return nil }).MustBuild()
	_, err = runner.NewAsync(anything).Run(t.Context(), nil)
	require.ErrorContains(t, err, "the data is a nil interface {}")

	slices := chain.New[[]int]().Step("a", func(_ context.Context, s *[]int) error { *s = append(*s, 1); return nil }).MustBuild()
	out, err := runner.NewSync(slices).Run(t.Context(), nil)
	require.NoError(t, err, "a nil slice is an empty one")
	require.Equal(t, []int{1}, out.Context.Data)
}
