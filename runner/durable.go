package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"sync"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
)

// Durable is the Runner whose executions outlive the process: before each
// attempt, before each wait and at the end, what has happened is safe in a
// Store. After a crash, Recover carries on what was unfinished.
//
// A step that is recorded as completed never runs again. One that was in flight
// when the process died does: it is made at least once, with the same
// [chain.StepInfo.IdempotencyKey]. What it had changed in the data by then is
// lost with the process.
//
// An execution ends with the context it was started with, as on Async: that is a
// failure, after which its plan may undo it. The end of a process is none: start
// executions on a context that outlives a request or a signal, and call
// Shutdown, which lets them stop where they stand.
//
// Observers and LogTo are told what happens before it is recorded. What a crash, or a
// record that failed, has lost of it happens again, and is told again: an end, too.
//
// Branches of a Parallel run in order, as on Sync: the data must stand still to
// be written down after each step. Asynchronous steps and compensations run as
// well. Within and MaxElapsed count from the last Recover. A state that can't be
// encoded stops its execution where it stands, before that step, with an error. A
// Durable is safe for concurrent use; several may share a Store.
type Durable[T any] struct {
	store    Store
	codec    codec.Codec[T]
	versions []version[T] // the plan itself first
	refusal  error        // why nothing can run
	redact   func(error) string
	expiry   *expiry // nil: nothing is forgotten
	census   census
	drafts   sync.Pool     // of *draft[T]
	closing  chan struct{} // closed by Shutdown
	loggers  []*slog.Logger
}

var _ Runner[int] = (*Durable[int])(nil)

// A version is a plan that executions may have been begun under.
type version[T any] struct {
	core        core[T]
	plan        string
	fingerprint string
}

// NewDurable makes a Durable for a plan, over a Store that the caller opens and,
// after Shutdown, closes. What is wrong with the plan, the store or the options is
// the error of every Run. An execution is known to be one of this plan by the
// plan's name; that of a plan without a name by its structure alone, which so
// can't be changed while executions are unfinished.
func NewDurable[T any](plan *builder.Plan[T], store Store, opts ...Option) *Durable[T] {
	s, err := settingsOf(opts)
	d := &Durable[T]{
		store:   store,
		codec:   codec.JSON[T](codec.Limit(math.MaxInt)), // it reads what it has written
		redact:  s.ErrorText,
		closing: make(chan struct{}),
		loggers: s.durable.loggers,
	}
	if s.durable.retention > 0 {
		d.expiry = &expiry{age: s.durable.retention}
	}
	d.add(plan, s)
	faults := []error{err, d.versions[0].core.refusal, refuseStore(store), d.takeCodec(s.durable.codec)}
	for _, v := range s.durable.versions {
		faults = append(faults, d.addVersion(v, plan, s))
	}
	d.refusal = errors.Join(faults...)
	return d
}

func refuseStore(store Store) error {
	switch {
	case store == nil:
		return errors.New("runner: the store is nil")
	case !reflect.TypeOf(store).Comparable():
		return fmt.Errorf("runner: a store must be comparable, as a pointer is, and %T is not", store)
	}
	return nil
}

func (d *Durable[T]) takeCodec(c any) error {
	if c == nil {
		return nil
	}
	typed, ok := c.(codec.Codec[T])
	if !ok {
		return fmt.Errorf("runner: WithCodec: %T is no codec for %s", c, reflect.TypeFor[T]())
	}
	d.codec = typed
	return nil
}

func (d *Durable[T]) addVersion(v any, of *builder.Plan[T], s settings) error {
	plan, ok := v.(*builder.Plan[T])
	switch {
	case !ok:
		return fmt.Errorf("runner: WithVersion: %T is no plan over %s", v, reflect.TypeFor[T]())
	case of != nil && plan.Name() != of.Name():
		return fmt.Errorf("runner: WithVersion: plan %q is no version of plan %q: it has another name", plan.Name(), of.Name())
	}
	d.add(plan, s)
	return nil
}

func (d *Durable[T]) add(plan *builder.Plan[T], s settings) {
	v := version[T]{core: coreOf(plan, s.Options, nil)}
	if plan != nil {
		v.plan, v.fingerprint = plan.Name(), plan.Fingerprint()
		if len(d.versions) > 0 && d.versions[0].core.program != nil {
			v.core.program.ShareConcurrency(d.versions[0].core.program)
		}
	}
	d.versions = append(d.versions, v)
}

// Run executes the plan on data and waits for it. See Runner. If the execution
// can't be written down, the error says why and is no *chain.ExecutionError; the
// execution stands where it was last recorded, for Recover to carry on.
func (d *Durable[T]) Run(ctx context.Context, data T) (chain.Outcome[T], error) {
	return d.start(ctx, chain.NewExecutionContext(data)).result()
}

// Start begins an execution and returns as soon as that is safe in the store:
// from then on no crash can make it unhappen. chain.WithID gives it an ID of the
// user's, such as an order's number, and that never runs twice: of an ID that is
// running, Start returns the Handle; of one that has ended, one that is done; and
// one that was left unfinished it carries on. data is not looked at then. An
// observer must not start the ID of the execution it is told of: Start would wait
// for the begin, and the begin for the observer.
func (d *Durable[T]) Start(ctx context.Context, data T, opts ...chain.ContextOption) *Handle[T] {
	return d.start(ctx, chain.NewExecutionContext(data, opts...)).safe()
}

// Resume goes on with an execution and waits for it. See Runner. It may come from
// elsewhere, and is then taken into the store; one that the store knows more of
// is refused: Get has that, Retry carries it on.
func (d *Durable[T]) Resume(ctx context.Context, exec *chain.ExecutionContext[T]) (chain.Outcome[T], error) {
	if exec == nil {
		return chain.Outcome[T]{}, errNilExecution
	}
	if exec.ID == "" && exec.Status() == chain.Pending {
		exec.ID = chain.NewID()
	}
	return d.take(ctx, exec).result()
}

// Shutdown refuses new executions from now on and has those that run stop where
// they stand: an attempt that is being made is waited for and what came of it
// recorded, a wait ends at once. Recover carries them on; their Handles say
// ErrShutdown. If ctx ends first it returns an error with its cause that says how
// many still run; Shutdown may be called again. The store may be closed after it.
func (d *Durable[T]) Shutdown(ctx context.Context) error {
	if ctx == nil {
		return errNilContext
	}
	if d.census.close() && d.closing != nil {
		close(d.closing)
	}
	return d.census.wait(ctx)
}

// refuse says why nothing can be done, or nothing.
func (d *Durable[T]) refuse() error {
	if d.versions == nil {
		return errors.New("runner: the zero Durable has no plan: make one with NewDurable")
	}
	return d.refusal
}

// refuseIn says besides that there is no context.
func (d *Durable[T]) refuseIn(ctx context.Context) error {
	err := d.refuse()
	if err == nil && ctx == nil {
		err = errNilContext
	}
	return err
}
