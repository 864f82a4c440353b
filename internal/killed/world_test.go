package killed

import (
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/taskchain-go/taskchain/chain"
)

// A call is a request to the world: one attempt at a step or at a compensation.
type call struct {
	order, path string
	phase       chain.Phase
}

func (c call) key() string {
	return chain.StepInfo{ExecutionID: c.order, Path: c.path, Phase: c.phase}.IdempotencyKey()
}

// A world is the services: what they hold for each order, and each call that they
// got. It fails now and then, as a seed says, in the same way in each world.
type world struct {
	seed  uint64
	steps []string // whose calls may be refused

	mu      sync.Mutex
	log     map[string][]call            // by order
	asked   map[string]int               // calls by key
	held    map[string]map[string]string // receipts by order and path
	effects map[string]int               // by key
	closed  map[string]bool              // keys of what was undone
	settled map[string]bool              // keys that must not be called any more
	wrong   []string
	heard   chan struct{} // gets one for each call, while somebody listens
}

func newWorld(seed uint64, steps []string) *world {
	return &world{
		seed: seed, steps: steps,
		log: map[string][]call{}, asked: map[string]int{}, held: map[string]map[string]string{},
		effects: map[string]int{}, closed: map[string]bool{}, settled: map[string]bool{},
	}
}

// roll is a number from 0 to n-1 that depends on the seed and on what only.
func (w *world) roll(n uint64, what ...string) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, w.seed, what)
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	return (x ^ x>>33) % n
}

// refused is the step of an order that is refused for good, if there is one.
func (w *world) refused(order string) string {
	if w.roll(10, "refuse", order) >= 4 {
		return ""
	}
	return w.steps[w.roll(uint64(len(w.steps)), "which", order)]
}

// busy is how many calls at first are told to come back.
func (w *world) busy(c call) int {
	switch {
	case c.phase == chain.Compensation && w.roll(12, "stuck", c.key()) == 0:
		return undoAttempts + 1 // the first execution of it gets stuck
	case c.phase == chain.Compensation:
		return int(w.roll(4, "busy", c.key()) / 3)
	}
	return int(w.roll(6, "busy", c.key())) / 4
}

// loses tells whether the first answer that says yes gets lost.
func (w *world) loses(c call) bool { return w.roll(8, "lose", c.key()) == 0 }

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c := call{order: q.Get("order"), path: q.Get("path")}
	if r.Method == http.MethodDelete {
		c.phase = chain.Compensation
	}
	if c.order == "" {
		return // somebody knocks
	}
	status, text := w.serve(c, r.Method != http.MethodGet)
	if status == 0 {
		panic(http.ErrAbortHandler) // no answer
	}
	rw.WriteHeader(status)
	fmt.Fprint(rw, text)
}

func (w *world) serve(c call, effect bool) (status int, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.tell()
	key := c.key()
	w.log[c.order] = append(w.log[c.order], c)
	if w.settled[key] {
		w.wrong = append(w.wrong, key+" was called though the journal had it as done")
	}
	n := w.asked[key]
	w.asked[key]++
	switch {
	case c.phase == chain.Forward && w.refused(c.order) == c.path:
		return http.StatusConflict, "refused"
	case n < w.busy(c):
		return http.StatusServiceUnavailable, "busy"
	case !effect:
		return http.StatusOK, "seen"
	case c.phase == chain.Compensation:
		w.undo(c)
	case w.closed[key]:
		w.wrong = append(w.wrong, key+" was called after it was undone")
		return http.StatusGone, "closed"
	default:
		w.do(c)
	}
	if n == w.busy(c) && w.loses(c) {
		return 0, ""
	}
	return http.StatusOK, w.held[c.order][c.path]
}

// do has an effect, once for each key.
func (w *world) do(c call) {
	if w.held[c.order] == nil {
		w.held[c.order] = map[string]string{}
	}
	if w.held[c.order][c.path] == "" {
		w.effects[c.key()]++
		w.held[c.order][c.path] = "receipt for " + c.key()
	}
}

// undo takes back what is held under a path.
func (w *world) undo(c call) {
	for path := range w.held[c.order] {
		if path == c.path || strings.HasPrefix(path, c.path+"/") {
			delete(w.held[c.order], path)
		}
	}
	w.closed[call{c.order, c.path, chain.Forward}.key()] = true
}

func (w *world) tell() {
	select {
	case w.heard <- struct{}{}:
	default:
	}
}

// listen has the calls from now on told.
func (w *world) listen() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = make(chan struct{}, 10_000)
	return w.heard
}

// settle says of steps that they must not be called any more.
func (w *world) settle(order string, phase chain.Phase, paths []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, path := range paths {
		w.settled[call{order, path, phase}.key()] = true
	}
}

// firsts are the calls for an order, each where it came first.
func (w *world) firsts(order string) (calls []call) {
	for _, c := range w.log[order] {
		if !slices.Contains(calls, c) {
			calls = append(calls, c)
		}
	}
	return calls
}

// A server is a world behind HTTP.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	none *sync.Cond
	open int // connections
}

func serve(t *testing.T, w *world) *server {
	s := &server{Server: httptest.NewUnstartedServer(w)}
	s.none = sync.NewCond(&s.mu)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) { s.count(state) }
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *server) count(state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.open++
	case http.StateClosed, http.StateHijacked:
		s.open--
		s.none.Broadcast()
	}
}

// settle waits until all that a dead process had sent has been served. It knocks
// itself: connections are taken in the order in which they came.
func (s *server) settle() error {
	knock := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := knock.Get(s.URL)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.open > 0 {
		s.none.Wait()
	}
	return nil
}

func idOf(n int) string { return "order-" + strconv.Itoa(n) }
