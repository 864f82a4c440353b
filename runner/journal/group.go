package journal

import (
	"sync"

	"github.com/taskchain-go/taskchain/runner"
)

// fullGroup is how large a group grows, except by a single record.
const fullGroup = 1 << 20

// A group is what is written and synced together. It is gathered while the group
// before it is on its way to the disk, and written by one of those who wait for
// it: nothing runs while nobody appends.
type group struct {
	*room
	count   int // of entries
	waiters int // of those who will not go before it is written
	done    chan struct{}
	err     error // read it after done
}

// A room is what a group is gathered in, and another one after it.
type room struct {
	buf  []byte // place for the frame, and the entries
	puts []put
}

var rooms = sync.Pool{New: func() any { return new(room) }}

// A put is what is noted once the group is on the disk. The place is counted
// from the begin of the group's buffer.
type put struct {
	execution *execution
	record    runner.Record // without its body
	place     place
}

// join is the group that takes the next n bytes. One that nobody waits for takes
// everything, so that every group but the newest has somebody to write it. j.mu
// is held.
func (j *Journal) join(n int) *group {
	if len(j.queue) > 0 {
		g := j.queue[len(j.queue)-1]
		if g.waiters == 0 || len(g.buf)+n <= fullGroup {
			return g
		}
	}
	g := &group{
		room: rooms.Get().(*room),
		done: make(chan struct{}),
	}
	g.buf, g.puts = append(g.buf[:0], make([]byte, frameSize)...), g.puts[:0]
	j.queue = append(j.queue, g)
	j.newest = g
	return g
}

// addRecord adds an encoded record, with its times as they will be read. j.mu is
// held.
func (g *group) addRecord(e *execution, r runner.Record, entry []byte, sum uint32) {
	at := int64(len(g.buf))
	r.Body = nil
	g.puts = append(g.puts, put{e, r, place{at: at, seq: r.Seq, length: uint32(len(entry)), sum: sum}})
	g.buf = append(g.buf, entry...)
	g.count++
}

// settle waits until the group is on the disk, and writes it if nobody else is
// at it. It unlocks j.mu.
func (j *Journal) settle(g *group) error {
	g.waiters++
	if j.writing {
		j.mu.Unlock()
		<-g.done
		return g.err
	}
	j.writing = true
	j.lead()
	if j.awaited() {
		go j.leadOn() // who has what they waited for need not work for the others
	} else {
		j.writing = false
	}
	j.mu.Unlock()
	return g.err
}

// awaited tells whether somebody waits for the first group of the queue. j.mu is
// held.
func (j *Journal) awaited() bool { return len(j.queue) > 0 && j.queue[0].waiters > 0 }

// leadOn has the lead while anybody waits.
func (j *Journal) leadOn() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.awaited() {
		j.lead()
	}
	j.writing = false
}

// lead writes the first group of the queue. j.mu is held, but not while the disk
// is waited for.
func (j *Journal) lead() {
	if here := j.queue[0].waiters; j.crowd-here > here/4 {
		j.mu.Unlock()
		yield() // whoever is about to join need not wait for another sync
		j.mu.Lock()
	}
	g := j.queue[0]
	j.queue = append(j.queue[:0], j.queue[1:]...)
	if j.failed == nil {
		j.mu.Unlock()
		at, err := j.write(g)
		if err != nil { // and no other one is written
			j.settings.tell("journal: nothing is written any more: mend the cause and open the folder anew", err)
		}
		j.mu.Lock()
		if err != nil {
			j.fail(err)
		} else {
			j.publish(g, at)
		}
	}
	g.err = j.failed
	close(g.done)
	j.count(g)
}

// count notes how many wait at a time: those of g, and who came while it was on its
// way. What was counted before is forgotten by and by. j.mu is held.
func (j *Journal) count(g *group) {
	here := g.waiters
	for _, later := range j.queue {
		here += later.waiters
	}
	j.crowd = max(here, j.crowd-(j.crowd+7)/8)
}

// yield lets everybody go first who can run by now. runtime.Gosched does not: who
// calls it stands where an idle processor looks first, before it takes over half of
// the others' work.
func yield() {
	turn := make(chan struct{})
	go close(turn)
	go func() {}() // the last one that is started runs first: so the one above goes to the end
	<-turn
}

// publish makes what is on the disk known. j.mu is held.
func (j *Journal) publish(g *group, at int64) {
	j.active.end = at + aligned(int64(len(g.buf)))
	for _, p := range g.puts {
		p.place.segment = j.active
		p.place.at += at
		p.execution.put(p.record, p.place)
	}
	if cap(g.buf) <= 2*fullGroup {
		clear(g.puts)
		rooms.Put(g.room)
	}
	g.room = nil
	j.care()
}

// flush waits until all that was handed in is on the disk.
func (j *Journal) flush() error {
	j.mu.Lock()
	g := j.newest
	if g == nil {
		j.mu.Unlock()
		return nil
	}
	select {
	case <-g.done:
		j.mu.Unlock()
		return g.err
	default:
		return j.settle(g)
	}
}
