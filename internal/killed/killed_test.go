package killed

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

var (
	kills = flag.Int("kills", defaultKills, "kill the process `N` times; a tenth of that with -short")
	seed  = flag.Uint64("seed", 0, "`N` decides what fails and when the process is killed; 0 draws one")
)

const (
	crowd      = 24 // orders that a process takes on top of those it finds
	callsAhead = 150
)

// However often and whenever the process is killed: every execution comes to its
// end, nothing that the journal has as done is done again, and what the services
// hold in the end is what they hold where nobody was killed.
func TestKilledAtAnyMoment(t *testing.T) {
	if *seed == 0 {
		*seed = 1 + rand.Uint64N(1_000_000)
	}
	times := *kills
	if testing.Short() {
		times = max(1, times/10)
	}
	t.Logf("run it again with -seed %d", *seed)

	steps, _ := leaves()
	w := newWorld(*seed, steps)
	k := &killer{
		T: t, world: w, alone: newWorld(*seed, steps), server: serve(t, w), dir: t.TempDir(),
		random: rand.New(rand.NewPCG(*seed, 0)), known: map[string]*chain.ExecutionContext[Order]{},
	}
	begin := time.Now()
	for k.underWay < times {
		k.live()
	}
	k.liveOn()
	for n := range k.next {
		k.checkEnd(idOf(n))
	}
	t.Logf("killed %d times in %s, %d of them with executions under way, %d of those before the first call of a process; %d executions: %v; the process died in %d delays",
		k.kills, time.Since(begin).Round(time.Second), k.underWay, k.early, k.next, k.ends(), k.waitedOn)
	require.True(t, k.waitedOn > 0 || times < 50, "no retry was waiting when the process died")
}

// A killer starts the program again and again, and ends it.
type killer struct {
	*testing.T
	world  *world
	alone  *world // where nobody is killed
	server *server
	dir    string // the journal's
	random *rand.Rand

	next     int // the first order that nobody has taken
	kills    int
	underWay int
	early    int
	waitedOn int                                       // delays in which the process died
	known    map[string]*chain.ExecutionContext[Order] // as the journal had it last
}

// live is one life of the program: it is killed some time after some call.
func (k *killer) live() {
	calls, after := 0, time.Duration(k.random.Int64N(int64(40*time.Millisecond)))
	if k.random.IntN(8) > 0 { // else while it opens the journal and recovers
		calls, after = 1+k.random.IntN(callsAhead), time.Duration(k.random.Int64N(int64(3*time.Millisecond)))
	}
	heard := k.world.listen()
	c := k.start(crowd)
	ended := c.reads()
	for range calls {
		select {
		case <-heard:
		case <-ended:
		}
	}
	select {
	case <-time.After(after):
	case <-ended:
	}
	require.NoError(k, c.cmd.Process.Kill())
	<-ended
	if err := c.cmd.Wait(); err == nil {
		k.look(c) // it was done before
		return
	}
	require.Equal(k, -1, c.cmd.ProcessState.ExitCode(), "it died by itself: %s", &c.stderr)
	k.kills++
	if under := k.look(c); under > 0 {
		k.underWay++
		if len(heard) == 0 && calls == 0 {
			k.early++
		}
	}
}

// liveOn is the last life, in which nobody is killed.
func (k *killer) liveOn() {
	c := k.start(crowd)
	<-c.reads()
	require.NoError(k, c.cmd.Wait(), "%s", &c.stderr)
	require.Zero(k, k.look(c), "executions that are unfinished")
}

// A life is a process of the program.
type life struct {
	cmd    *exec.Cmd
	stdout io.Reader
	stderr strings.Builder
	begun  []string
	ended  map[string]string
}

func (k *killer) start(orders int) *life {
	c := &life{ended: map[string]string{}}
	c.cmd = exec.CommandContext(k.Context(), os.Args[0], k.dir, k.server.URL, fmt.Sprint(k.next), fmt.Sprint(k.next+orders))
	c.cmd.Env = append(os.Environ(), asChild+"=1")
	c.cmd.Stderr = &c.stderr
	var err error
	c.stdout, err = c.cmd.StdoutPipe()
	require.NoError(k, err)
	require.NoError(k, c.cmd.Start())
	return c
}

// reads reads what the program says, until it ends.
func (c *life) reads() (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewReader(c.stdout)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return // a line that was cut off says nothing
			}
			switch words := strings.Fields(line); words[0] {
			case "begun":
				c.begun = append(c.begun, words[1])
			case "ended":
				c.ended[words[1]] = words[2]
			}
		}
	}()
	return done
}

// look reads the journal as the dead process has left it, in a copy: it is the
// next process that has to mend it. It returns how many executions are unfinished
// or stuck.
func (k *killer) look(c *life) (unfinished int) {
	require.NoError(k, k.server.settle())
	copied := filepath.Join(k.TempDir(), "journal")
	require.NoError(k, os.CopyFS(copied, os.DirFS(k.dir)))
	j, err := open(copied)
	require.NoError(k, err)
	defer func() {
		require.NoError(k, j.Close())
		require.NoError(k, os.RemoveAll(copied))
	}()
	orders := runner.NewDurable(newPlan(services{}), j)
	found := map[string]bool{}
	for head, err := range orders.List(k.Context(), runner.Query{}) {
		require.NoError(k, err)
		exec, err := orders.Get(k.Context(), head.ID)
		require.NoError(k, err)
		found[head.ID] = true
		if !head.Status.Finished() {
			unfinished++
		}
		k.checkWritten(exec)
	}
	k.checkSaid(c, found)
	return unfinished
}

// checkSaid holds the journal against what the program said.
func (k *killer) checkSaid(c *life, found map[string]bool) {
	for _, id := range c.begun {
		require.True(k, found[id], "%s was begun, and the journal does not know", id)
	}
	for id, status := range c.ended {
		require.Equal(k, status, k.known[id].Status().String(), "%s: what the program said of it, and the journal", id)
	}
	for id, exec := range k.known {
		require.True(k, found[id] || exec.Status().Finished(), "%s is not in the journal any more, and was %s", id, exec.Status())
	}
	for k.known[idOf(k.next)] != nil {
		k.next++
	}
	k.world.mu.Lock()
	defer k.world.mu.Unlock()
	require.Empty(k, k.world.wrong)
	for id := range k.world.log {
		require.NotNil(k, k.known[id], "%s has calls, and the journal does not know", id)
	}
}

// checkWritten holds an execution against what the world has seen of it, and
// notes what must never be called again.
func (k *killer) checkWritten(exec *chain.ExecutionContext[Order]) {
	k.known[exec.ID] = exec
	begun := map[call]int{}
	for _, e := range exec.Trace() {
		if e.Kind == chain.KindStarted || e.Kind == chain.KindCompensating {
			begun[call{exec.ID, e.Path, e.Phase}]++
		}
	}
	k.world.mu.Lock()
	for _, c := range k.world.log[exec.ID] {
		begun[c]--
		require.GreaterOrEqual(k, begun[c], 0, "%s was called more often than the journal knows of attempts: %v\n%s", c.key(), k.world.log[exec.ID], exec.Trace())
	}
	k.world.mu.Unlock()
	k.world.settle(exec.ID, chain.Forward, exec.Completed())
	k.world.settle(exec.ID, chain.Compensation, exec.Compensated())
}

// checkDelays looks whether each retry has waited for its time, also where the
// process died meanwhile, and counts those.
func (k *killer) checkDelays(exec *chain.ExecutionContext[Order]) {
	trace := exec.Trace()
	for i, retry := range trace {
		if retry.Kind != chain.KindRetrying {
			continue
		}
		died := false
		for _, e := range trace[i+1:] {
			died = died || e.Kind == chain.KindPlanStarted
			if (e.Kind == chain.KindStarted || e.Kind == chain.KindCompensating) && e.Path == retry.Path && e.Phase == retry.Phase {
				require.GreaterOrEqual(k, e.Time.Sub(retry.Time), retry.Delay, "%s did not wait: %s", retry.Path, trace)
				if died {
					k.waitedOn++
				}
				break
			}
		}
	}
}

// ends counts how the executions have ended.
func (k *killer) ends() map[chain.Status]int {
	ends := map[chain.Status]int{}
	for _, exec := range k.known {
		ends[exec.Status()]++
	}
	return ends
}

// checkEnd compares an order with one in a world where nobody is killed, and with
// what is right.
func (k *killer) checkEnd(id string) {
	got, want := k.known[id], uninterrupted(k.T, k.alone, id)
	k.checkDelays(got)
	require.Equal(k, want.Status, got.Status(), "%s", id)
	require.Equal(k, want.Context.Data, got.Data, "%s", id)
	require.Equal(k, want.Context.Completed(), got.Completed(), "%s", id)
	// In order, but for those that were stuck in one of the worlds only.
	require.ElementsMatch(k, want.Context.Compensated(), got.Compensated(), "%s", id)
	require.Equal(k, k.alone.firsts(id), k.world.firsts(id), "%s: the calls, each where it came first", id)
	require.Equal(k, k.alone.held[id], k.world.held[id], "%s: what the services hold", id)

	var forward, undone []string
	for _, c := range k.world.firsts(id) {
		if c.phase == chain.Forward {
			forward = append(forward, c.path)
			require.LessOrEqual(k, k.world.effects[c.key()], 1, "%s had its effect twice", c.key())
		} else {
			undone = append(undone, c.path)
		}
	}
	if got.Status() == chain.Succeeded {
		require.Empty(k, undone, "%s", id)
		return
	}
	require.Equal(k, chain.Compensated, got.Status(), "%s", id)
	require.Equal(k, toUndo(forward), undone, "%s: what was undone, in order", id)
	require.Empty(k, k.world.held[id], "%s", id)
}
