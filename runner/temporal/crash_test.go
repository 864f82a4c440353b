package temporal_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

// The environment of a process that is a worker, to be killed.
const (
	victimAddress = "TEMPORAL_TEST_ADDRESS"
	victimLedger  = "TEMPORAL_TEST_LEDGER"
	victimQueue   = "victims"
)

// beVictim works until it is killed.
func beVictim() {
	c, err := client.Dial(client.Options{HostPort: os.Getenv(victimAddress), Logger: quiet()})
	if err != nil {
		panic(err)
	}
	w := worker.New(c, victimQueue, temporal.Recommended(worker.Options{}))
	if err := temporal.Register(w, victimPlan(os.Getenv(victimLedger))); err != nil {
		panic(err)
	}
	if err := temporal.Register(w, fatalPlan(os.Getenv(victimLedger))); err != nil {
		panic(err)
	}
	if err := w.Run(nil); err != nil {
		panic(err)
	}
}

type trip struct {
	Fails bool
	Kills bool // each worker
	Done  []string
}

// victimPlan has five steps, of which the last may fail. Their effects are lines in
// a ledger that survives the process.
func victimPlan(ledger string) *builder.Plan[trip] {
	effect := func(name string, err error) builder.StepFunc[trip] {
		return func(ctx context.Context, t *trip) error {
			info, _ := chain.StepFrom(ctx)
			if err := enter(ledger, "begin", info.IdempotencyKey()); err != nil {
				return err
			}
			time.Sleep(time.Duration(100+rand.IntN(200)) * time.Millisecond)
			t.Done = append(t.Done, name)
			return errors.Join(err, enter(ledger, "end", info.IdempotencyKey()))
		}
	}
	b := chain.New[trip]().Named(victimQueue)
	for i := range 4 {
		name := strconv.Itoa(i)
		b = b.Step(name, effect(name, nil)).Compensate(effect("undo "+name, nil)).Builder
	}
	return b.
		Step("last", effect("last", nil)).
		Step("fails", func(_ context.Context, t *trip) error {
			if t.Kills {
				os.Exit(1)
			}
			if t.Fails {
				return errors.New("boom")
			}
			return nil
		}).
		OnFailure(policy.Compensate).MustBuild()
}

// fatalPlan has a step that kills its worker, at once or in its second attempt.
func fatalPlan(ledger string) *builder.Plan[trip] {
	undo := func(name string) builder.StepFunc[trip] {
		return func(_ context.Context, t *trip) error { t.Done = append(t.Done, "undo "+name); return nil }
	}
	return chain.New[trip]().Named("fatal").
		Step("a", func(_ context.Context, t *trip) error { t.Done = append(t.Done, "a"); return nil }).Compensate(undo("a")).
		Step("kills", func(ctx context.Context, t *trip) error {
			if info, _ := chain.StepFrom(ctx); !t.Kills && info.Attempt == 1 {
				t.Done = append(t.Done, "attempt 1")
				return errors.New("boom")
			}
			_ = enter(ledger, "begin", "kills")
			os.Exit(1)
			return nil
		}).Compensate(undo("kills")).CompensateOnFailure().Retry(policy.Fixed(3, time.Millisecond)).
		OnFailure(policy.Compensate).MustBuild()
}

func enter(ledger, what, key string) error {
	f, err := os.OpenFile(ledger, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintln(f, time.Now().UnixNano(), what, key)
	return err
}

func number(t *testing.T, env string, otherwise int) int {
	if text := os.Getenv(env); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	return otherwise
}

// Workers are killed at random moments and the server is restarted: every
// execution comes to its end, what had completed does not run again, and the
// books balance. TEMPORAL_TEST_KILLS and TEMPORAL_TEST_EXECUTIONS make it longer.
func TestKilledWorkers(t *testing.T) {
	dial(t)
	kills, executions := number(t, "TEMPORAL_TEST_KILLS", 4), number(t, "TEMPORAL_TEST_EXECUTIONS", 20)
	killed := 0
	folder := t.TempDir()
	file, ledger := filepath.Join(folder, "temporal.db"), filepath.Join(folder, "ledger")
	server, err := serve(client.Options{}, file)
	require.NoError(t, err)
	defer func() { _ = server.Stop() }()
	address := server.FrontendHostPort()

	victims := []*exec.Cmd{victim(t, address, ledger), victim(t, address, ledger)}
	defer func() {
		for _, v := range victims {
			kill(t, v)
		}
	}()
	c, err := client.Dial(client.Options{HostPort: address, Logger: quiet()})
	require.NoError(t, err)
	defer c.Close()
	r := temporal.NewRunner(c, victimPlan(ledger), temporal.Heartbeat(time.Second), temporal.LostWorkers(1000))
	var handles []*temporal.Handle[trip]
	for i := range executions {
		h, err := r.Start(t.Context(), trip{Fails: i%3 == 0}, chain.WithID(fmt.Sprint("trip-", i)))
		require.NoError(t, err)
		handles = append(handles, h)
		if i == executions/2 {
			require.NoError(t, server.Stop())
			server, err = serve(client.Options{HostPort: address}, file)
			require.NoError(t, err)
		}
		for ; killed*executions < kills*(i+1); killed++ {
			time.Sleep(time.Duration(rand.IntN(600)) * time.Millisecond)
			v := rand.IntN(len(victims))
			kill(t, victims[v])
			victims[v] = victim(t, address, ledger)
		}
	}
	require.Equal(t, kills, killed)
	for i, h := range handles {
		out, err := h.Wait(t.Context())
		want := []string{"0", "1", "2", "3", "last"}
		if i%3 == 0 {
			require.ErrorContains(t, err, "boom")
			require.Equal(t, chain.Compensated, out.Status, h.ID())
			want = append(want, "undo 3", "undo 2", "undo 1", "undo 0")
		} else {
			require.NoError(t, err, h.ID())
		}
		require.Equal(t, want, out.Context.Data.Done, h.ID())
	}
	begun := begins(t, ledger)
	again := 0
	for i, h := range handles {
		keys := completions(t, c, h.ID())
		want := 6
		if i%3 == 0 {
			want = 9
		}
		require.Len(t, keys, want, "each step is completed once")
		for key, at := range keys {
			require.True(t, len(begun[key]) > 0 || strings.HasSuffix(key, "/fails"), "%s has an effect in the books", key)
			for _, begin := range begun[key] {
				require.LessOrEqual(t, begin.UnixNano(), at.UnixNano(), "%s ran again after it had completed", key)
			}
			again += max(0, len(begun[key])-1)
		}
	}
	t.Logf("%d of the steps in flight ran again", again)
}

func victim(t *testing.T, address, ledger string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimAddress+"="+address, victimLedger+"="+ledger)
	require.NoError(t, cmd.Start())
	return cmd
}

func kill(t *testing.T, cmd *exec.Cmd) {
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
}

// begins is when each effect began, by its key.
func begins(t *testing.T, ledger string) map[string][]time.Time {
	f, err := os.Open(ledger)
	require.NoError(t, err)
	defer f.Close()
	begun := map[string][]time.Time{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		words := strings.SplitN(lines.Text(), " ", 3)
		nanos, err := strconv.ParseInt(words[0], 10, 64)
		require.NoError(t, err)
		if words[1] == "begin" {
			begun[words[2]] = append(begun[words[2]], time.Unix(0, nanos))
		}
	}
	return begun
}

// completions is when the activities of an execution completed, by the key of
// their steps.
func completions(t *testing.T, c client.Client, id string) map[string]time.Time {
	keys, at := map[int64]string{}, map[string]time.Time{}
	history := c.GetWorkflowHistory(t.Context(), id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		e, err := history.Next()
		require.NoError(t, err)
		if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
			keys[e.GetEventId()] = id + strings.TrimPrefix(a.GetActivityType().GetName(), victimQueue)
		}
		if a := e.GetActivityTaskCompletedEventAttributes(); a != nil {
			key := keys[a.GetScheduledEventId()]
			require.NotContains(t, at, key)
			at[key] = e.GetEventTime().AsTime()
		}
	}
	return at
}

// A step that kills worker after worker is given up.
func TestAStepThatKillsItsWorkers(t *testing.T) {
	dial(t)
	address, ledger := server.FrontendHostPort(), filepath.Join(t.TempDir(), "ledger")
	ctx, stop := context.WithCancel(t.Context())
	watched := make(chan int)
	go func() { // an init system
		starts := 0
		for ; ctx.Err() == nil; starts++ {
			v := exec.CommandContext(ctx, os.Args[0])
			v.Env = append(os.Environ(), victimAddress+"="+address, victimLedger+"="+ledger)
			_ = v.Run()
		}
		watched <- starts
	}()
	r := temporal.NewRunner(dial(t), victimPlan(ledger), temporal.Heartbeat(time.Second), temporal.LostWorkers(1))
	out, err := r.Run(t.Context(), trip{Kills: true})
	stop()
	starts := <-watched
	require.ErrorContains(t, err, "workers were lost in the middle of it")
	require.Equal(t, chain.Compensated, out.Status)
	require.Equal(t, 1, out.Failures[0].Attempts, "which is no attempt of the policy's")
	require.Less(t, starts, 6)
}

// A worker dies in a step, and the execution is cancelled before another worker
// has begun it anew. The step's effect may have happened.
func TestCancelledAfterALostWorker(t *testing.T) {
	for name, tt := range map[string]struct {
		data     trip
		done     []string
		attempts int
	}{
		"at once":               {trip{Kills: true}, []string{"a", "undo kills", "undo a"}, 1},
		"in the second attempt": {trip{}, []string{"a", "attempt 1", "undo kills", "undo a"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t)
			address, ledger := server.FrontendHostPort(), filepath.Join(t.TempDir(), "ledger")
			plan := fatalPlan(ledger)
			interpreter := worker.New(c, victimQueue, temporal.Recommended(worker.Options{LocalActivityWorkerOnly: true}))
			require.NoError(t, temporal.Register(interpreter, plan))
			require.NoError(t, interpreter.Start())
			defer interpreter.Stop()
			first := victim(t, address, ledger)
			h, err := temporal.NewRunner(c, plan, temporal.TaskQueue(victimQueue), temporal.Heartbeat(time.Second)).Start(t.Context(), tt.data, id())
			require.NoError(t, err)
			_ = first.Wait()
			require.Eventually(t, func() bool { return waits(pendingOf(t, c, h.ID()), 2) }, 10*time.Second, 10*time.Millisecond)
			require.NoError(t, h.Cancel(t.Context(), nil))
			require.Eventually(t, func() bool {
				return strings.HasSuffix(pendingOf(t, c, h.ID()).GetActivityType().GetName(), "//compensation")
			}, 10*time.Second, 10*time.Millisecond)
			defer kill(t, victim(t, address, ledger))
			out, err := h.Wait(t.Context())
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, chain.Compensated, out.Status)
			require.Equal(t, tt.done, out.Context.Data.Done)
			require.Equal(t, tt.attempts, out.Failures[0].Attempts)
			require.Len(t, begins(t, ledger)["kills"], 1)
		})
	}
}
