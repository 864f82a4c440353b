package runner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

func TestLogTo(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		var logged bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{
			Level: slog.LevelDebug,
			ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey || a.Key == "execution" {
					return slog.Attr{}
				}
				return a
			},
		}))
		k.run(t, t.Context(), steps().Named("plan").
			Step("a", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[*world]) error {
				exec.Log(slog.LevelInfo, "hello")
				return nil
			})).Compensate(do("undo a")).
			Step("b", fails("b", errBoom)).Retry(policy.Fixed(2, time.Second)).
			OnFailure(policy.Compensate), runner.LogTo(logger))
		require.Equal(t, []string{
			`level=INFO msg=plan_started plan=plan`,
			`level=DEBUG msg=started plan=plan step=a phase=forward attempt=1`,
			`level=INFO msg=hello plan=plan step=a phase=forward`,
			`level=INFO msg=succeeded plan=plan step=a phase=forward attempt=1`,
			`level=DEBUG msg=started plan=plan step=b phase=forward attempt=1`,
			`level=WARN msg=retrying plan=plan step=b phase=forward attempt=1 delay=1s error=boom`,
			`level=DEBUG msg=started plan=plan step=b phase=forward attempt=2`,
			`level=ERROR msg=failed plan=plan step=b phase=forward attempt=2 error=boom`,
			`level=WARN msg=compensating plan=plan step=a phase=compensation attempt=1`,
			`level=WARN msg=compensated plan=plan step=a phase=compensation attempt=1`,
			`level=WARN msg=plan_ended plan=plan status=compensated`,
		}, strings.Split(strings.TrimSpace(logged.String()), "\n"))
	})
}

// An execution that can't be recorded has no end to tell of, and maybe nobody who
// waits for it.
func TestLogToTellsOfWhatCouldNotBeRecorded(t *testing.T) {
	for at := range 3 { // the begin, the second step, the end
		logger, lines := jsonLog(slog.LevelError)
		store := &hiccup{Memory: storetest.NewMemory(), at: at}
		plan := chain.New[int]().Named("plan").Step("a", func(context.Context, *int) error { return nil }).
			Step("b", func(context.Context, *int) error { return nil }).MustBuild()
		_, err := runner.NewDurable(plan, store, runner.LogTo(logger)).Start(t.Context(), 0, chain.WithID("e")).Wait(t.Context())
		require.ErrorIs(t, err, errDied)
		logged := lines(t)
		require.Len(t, logged, 1, "record %d", at)
		line := logged[0]
		require.Equal(t, "stopped", line["msg"])
		require.Equal(t, "plan", line["plan"])
		require.Equal(t, "e", line["execution"])
		require.Equal(t, err.Error(), line["error"])
	}
}

// A logger that panics is the user's as well, and the next one hears nevertheless.
func TestALoggerThatPanicsEndsNothing(t *testing.T) {
	plan := chain.New[int]().Step("a", func(context.Context, *int) error { return nil }).MustBuild()
	logger, lines := jsonLog(slog.LevelError)
	_, err := runner.NewDurable(plan, &hiccup{Memory: storetest.NewMemory()},
		runner.LogTo(slog.New(panicking{slog.DiscardHandler})), runner.LogTo(logger)).Run(t.Context(), 0)
	require.ErrorIs(t, err, errDied)
	logged := lines(t)
	require.Len(t, logged, 2)
	require.Equal(t, "an observer was dropped: panic: the logger", logged[0]["msg"])
	require.Equal(t, "stopped", logged[1]["msg"])
}

type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool { panic("the logger") }

// jsonLog is a logger and the lines it has written.
func jsonLog(level slog.Level) (*slog.Logger, func(t *testing.T) []map[string]any) {
	var b bytes.Buffer
	return slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: level, AddSource: true})), func(t *testing.T) []map[string]any {
		var lines []map[string]any
		for line := range strings.Lines(b.String()) {
			var attrs map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &attrs))
			lines = append(lines, attrs)
		}
		return lines
	}
}

// A busy service keeps what it has to look at: how each execution ended that did
// not succeed, and why.
func TestLevelsTellWhatHasToBeLookedAt(t *testing.T) {
	two := func(failure policy.Failure, undo, last step) builder.Builder[*world] {
		return steps().Step("a", do("a")).Compensate(undo).Step("b", last).OnFailure(failure)
	}
	for want, test := range map[string]struct {
		plan  builder.Builder[*world]
		error []string
		warn  []string
	}{
		"succeeded": {two(policy.Abort, do("undo"), do("b")), nil, nil},
		"aborted":   {two(policy.Abort, do("undo"), fails("b", errBoom)), []string{"failed", "plan_ended"}, []string{"failed", "plan_ended"}},
		"partial":   {two(policy.Continue, do("undo"), fails("b", errBoom)), []string{"failed"}, []string{"failed", "plan_ended"}},
		"compensated": {two(policy.Compensate, do("undo"), fails("b", errBoom)), []string{"failed"},
			[]string{"failed", "compensating", "compensated", "plan_ended"}},
		"stuck": {two(policy.Compensate, fails("undo", errBoom), fails("b", errBoom)), []string{"failed", "compensation_failed", "plan_ended"},
			[]string{"failed", "compensating", "compensation_failed", "plan_ended"}},
	} {
		t.Run(want, func(t *testing.T) {
			onEach(t, func(t *testing.T, k kind) {
				errorsOnly, errorLines := jsonLog(slog.LevelError)
				warnings, warnLines := jsonLog(slog.LevelWarn)
				out, _ := k.run(t, t.Context(), test.plan, runner.LogTo(errorsOnly), runner.LogTo(warnings))
				require.Equal(t, want, out.Status.String())
				for _, each := range []struct{ want, got []string }{
					{test.error, messages(errorLines(t))},
					{test.warn, messages(warnLines(t))},
				} {
					require.Equal(t, each.want, each.got)
				}
			})
		})
	}
}

func messages(lines []map[string]any) (all []string) {
	for _, line := range lines {
		all = append(all, line["msg"].(string))
	}
	return all
}

func TestALineHasTheTimeOfItsEventAndWhatIsKnown(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		logger, lines := jsonLog(slog.LevelDebug)
		out, _ := k.run(t, t.Context(), steps().Named("plan").
			Process("p", steps().Step("b", failsTimes("b", 1, errBoom)).Retry(policy.Fixed(2, time.Second))).Builder, runner.LogTo(logger))
		trace := out.Context.Trace()
		require.Len(t, lines(t), len(trace))
		for i, line := range lines(t) {
			at, err := time.Parse(time.RFC3339Nano, line["time"].(string))
			require.NoError(t, err)
			require.True(t, at.Equal(trace[i].Time))
			require.Equal(t, "plan", line[runner.PlanKey])
			require.Equal(t, out.Context.ID, line[runner.ExecutionKey])
			require.NotContains(t, line, slog.SourceKey, "no line of the user's code has written it")
			require.Equal(t, trace[i].Path != "", line[runner.StepKey] != nil)
			require.Equal(t, trace[i].Path != "", line[runner.PhaseKey] != nil)
			require.Equal(t, trace[i].Attempt > 0, line[runner.AttemptKey] != nil)
			require.Equal(t, trace[i].Error != "", line[runner.ErrorKey] != nil)
			require.Equal(t, trace[i].Kind == chain.KindRetrying, line[runner.DelayKey] != nil)
			require.Equal(t, trace[i].Kind == chain.KindPlanEnded, line[runner.StatusKey] != nil)
		}
	})
}

func TestAStepsOwnLoggerKnowsTheStep(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		say := func(what string) step {
			return func(ctx context.Context, _ **world) error {
				runner.Logger(ctx).With("own", 1).InfoContext(ctx, what)
				return nil
			}
		}
		again := 0
		logger, lines := jsonLog(slog.LevelInfo)
		other, otherLines := jsonLog(slog.LevelInfo)
		out, _ := k.run(t, t.Context(), steps().Named("plan").
			Step("a", say("in a")).Compensate(say("in undo")).
			Parallel("p", steps().Step("b", func(ctx context.Context, w **world) error {
				if again++; again == 2 {
					_ = say("in b")(ctx, w)
				}
				return errBoom
			}).Retry(policy.Fixed(2, 0))).
			OnFailure(policy.Compensate),
			runner.LogTo(other), runner.LogTo(logger))
		var own []map[string]any
		for _, line := range lines(t) {
			if line["own"] == nil {
				continue
			}
			require.Contains(t, line, slog.SourceKey)
			delete(line, slog.SourceKey)
			delete(line, slog.TimeKey)
			own = append(own, line)
		}
		own0 := map[string]any{"level": "INFO", "own": 1., "plan": "plan", "execution": out.Context.ID}
		with := func(msg, step, phase string, attempt float64) map[string]any {
			line := map[string]any{"msg": msg, "step": step, "phase": phase, "attempt": attempt}
			for key, value := range own0 {
				line[key] = value
			}
			return line
		}
		require.Equal(t, []map[string]any{
			with("in a", "a", "forward", 1),
			with("in b", "p/b", "forward", 2),
			with("in undo", "a", "compensation", 1),
		}, own)
		for _, line := range otherLines(t) {
			require.NotContains(t, line, "own", "of several, the last is the steps'")
		}
	})
}

func TestLoggerWithoutLogToIsTheDefault(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		logger, lines := jsonLog(slog.LevelInfo)
		before := slog.Default()
		slog.SetDefault(logger)
		defer slog.SetDefault(before)

		runner.Logger(t.Context()).Info("outside")
		var none context.Context
		runner.Logger(none).Info("nowhere")
		var kept context.Context
		stop := errors.New("stop")
		plan := steps().Step("a", func(ctx context.Context, w **world) error {
			kept = ctx
			runner.Logger(ctx).Info("in a step")
			return stop
		}).MustBuild()
		out, err := k.make(plan, runner.WithObserver(func(ctx context.Context, e chain.Event) {
			if e.Kind == chain.KindPlanStarted {
				runner.Logger(ctx).Info("in an observer")
			}
		})).Run(t.Context(), &world{})
		require.ErrorIs(t, err, stop)

		// A runner that logs elsewhere leaves nothing behind with the execution.
		elsewhere, _ := jsonLog(slog.LevelInfo)
		_, err = k.make(plan, runner.LogTo(elsewhere)).Resume(t.Context(), out.Context)
		require.ErrorIs(t, err, stop)
		runner.Logger(kept).Info("after the end")

		got := lines(t)
		require.Equal(t, []string{"outside", "nowhere", "in an observer", "in a step", "after the end"}, messages(got))
		require.NotContains(t, got[0], runner.ExecutionKey)
		require.NotContains(t, got[2], runner.StepKey)
		require.Equal(t, out.Context.ID, got[2][runner.ExecutionKey])
		require.Equal(t, "a", got[3][runner.StepKey])
		require.Equal(t, "a", got[4][runner.StepKey])
	})
}

// What a step does with its logger has the same effect as with the user's own.
func TestAStepsLoggerIsWhatSlogExpects(t *testing.T) {
	var b bytes.Buffer
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		b.Reset()
		var handler slog.Handler
		plan := steps().Step("a", func(ctx context.Context, _ **world) error {
			handler = runner.Logger(ctx).Handler()
			return nil
		}).MustBuild()
		_, err := runner.NewSync(plan, runner.LogTo(slog.New(slog.NewJSONHandler(&b, nil)))).Run(t.Context(), &world{})
		require.NoError(t, err)
		b.Reset()
		return handler
	}, func(t *testing.T) map[string]any {
		var line map[string]any
		require.NoError(t, json.Unmarshal(b.Bytes(), &line))
		require.Equal(t, "a", line[runner.StepKey])
		return line
	})
}

// Each line of LogTo is one that slog itself could have written.
func TestLogToWritesWhatSlogExpects(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		logger, lines := jsonLog(slog.LevelDebug)
		k.run(t, t.Context(), steps().Step("a", fails("a", errBoom)).Retry(policy.Fixed(2, time.Second)).Builder,
			runner.LogTo(logger.With("service", "shop").WithGroup("work")))
		require.NotEmpty(t, lines(t))
		for _, line := range lines(t) {
			require.NotEmpty(t, line[slog.TimeKey])
			require.NotEmpty(t, line[slog.MessageKey])
			require.Equal(t, "shop", line["service"])
			group := line["work"].(map[string]any)
			require.NotEmpty(t, group[runner.ExecutionKey])
			for key, value := range group {
				require.NotEmpty(t, key)
				require.NotZero(t, value, "%s: what does not apply is left out", key)
			}
		}
	})
}
