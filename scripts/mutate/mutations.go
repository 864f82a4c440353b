package main

const (
	walk      = "runner/engine/walk.go"
	parallel  = "runner/engine/parallel.go"
	runFile   = "runner/engine/run.go"
	straight  = "runner/engine/straight.go"
	attempt   = "runner/engine/attempt.go"
	cutFile   = "runner/engine/cut.go"
	slots     = "runner/engine/slots.go"
	recording = "runner/engine/record.go"
	unwind    = "runner/engine/unwind.go"
	replay    = "runner/engine/replay.go"
	execution = "runner/engine/execution.go"
	host      = "runner/engine/host.go"
	engErrors = "runner/engine/errors.go"
	await     = "runner/engine/await.go"
	entry     = "chain/entry.go"
	failures  = "chain/failures.go"
	resume    = "chain/resume.go"
	recorder  = "chain/recorder.go"
	records   = "chain/records.go"
	audience  = "chain/audience.go"
	chainCtx  = "chain/context.go"
	retry     = "policy/retry.go"
	backoff   = "policy/backoff.go"

	inflight    = "chain/inflight.go"
	durableHost = "runner/durable_host.go"
	launch      = "runner/launch.go"
	claimFile   = "runner/claim.go"
	operateFile = "runner/operate.go"
)

var mutations = []mutation{
	// Order, Processes and strategies.
	{does: "Continue goes on past nothing", file: walk, old: "if goesOn && f.ending == chain.ByItself && f.halt == nil {", new: "if false && goesOn {"},
	{does: "Continue goes on past a cancellation", file: walk, old: "if goesOn && f.ending == chain.ByItself && f.halt == nil {", new: "if goesOn && f.halt == nil {"},
	{does: "a skipped step is not in the trace", file: walk, old: "w.record(chain.KindSkipped, s, chain.Forward, 0)\n", new: ""},
	{does: "When is asked after the end of the context", file: walk, old: "if s.Conditional && ctx.Err() == nil && !w.begunBefore(s) {", new: "if s.Conditional && !w.begunBefore(s) {"},
	{does: "a half-done Process is asked for its When again", file: walk, old: "if s.Conditional && ctx.Err() == nil && !w.begunBefore(s) {", new: "if s.Conditional && ctx.Err() == nil {"},
	{does: "a Process that failed does not undo itself", file: walk, old: "	undoes := undoesItself(p)\n", new: "	undoes := false\n"},
	{does: "a failed Process counts as not attempted", file: walk, old: "if w.attempts > before {", new: "if false {"},
	{does: "a Process is attempted though nothing in it was", file: walk, old: "if w.attempts > before {", new: "if true {"},
	{does: "what was undone inside leaves the execution compensating", file: walk, old: "	if undoes {\n		w.recorder().Unwound(p.Index)\n	}\n", new: ""},
	{does: "a Process forgets how its context ended", file: walk, old: "f = &failure{err: f.err, ending: w.x.endingOf(ctx)}", new: "f = &failure{err: f.err}"},
	{does: "Within of a Process is ignored", file: walk, old: "if s.Within <= 0 {", new: "if s.Within <= 0 || s.Index > 0 {"},

	// The steps that are run one behind the other.
	{does: "a stretch goes on after the end of its context", file: straight, old: " || ctx.Err() != nil {", new: " {"},
	{does: "a stretch asks no conditions", file: straight, old: " && !s.Conditional", new: ""},
	{does: "a stretch knows no timeouts", file: straight, old: " && s.Timeout == 0", new: ""},
	{does: "a stretch knows no timeouts of compensations", file: straight, old: "return s.CompensationTimeout == 0", new: "return true"},
	{does: "attempts in a stretch do not count", file: straight, old: "			w.attempts++ // for leave\n", new: ""},
	{does: "a panic in a stretch leaves its attempt open", file: straight, old: "			frame.End()\n", new: ""},
	{does: "a panic in a stretch is of the moment at which its attempt began", file: straight, old: "			w.at = w.x.host.Now()\n		}\n	}()", new: "		}\n	}()"},
	{does: "retries after a stretch count from the begin of the run", file: straight, old: "1, err, began)", new: "1, err, 0*began)"},

	// Parallel.
	{does: "a failed branch does not end its siblings", file: parallel, old: "f != nil && f.halt == nil && !goesOn {", new: "false && !goesOn && f.halt == nil {"},
	{does: "a failed branch ends its siblings under Continue, too", file: parallel, old: "f != nil && f.halt == nil && !goesOn {", new: "f != nil && f.halt == nil {"},
	{does: "only the Parallel's own strategy counts for its branches", file: parallel, old: "for p.Index > 0 && !p.HandlesFailure {", new: "for false {"},
	{does: "a Continue inside a Parallel does not hold", file: parallel, old: "case f.ending == chain.ByItself && p.Failure == policy.Continue:\n", new: "case false && p.Failure == policy.Continue:\n"},
	{does: "a branch begins behind a failure", file: parallel, old: "if w.x.endingOf(ctx) == chain.BySibling && !w.replay.knows(b.top) {", new: "if false {"},
	{does: "a resumed branch begins before its sibling has failed anew", file: parallel, old: "if !goesOn && w.replay.doomed(top.Index) {", new: "if false {", explain: "a matter of microseconds: the branch that failed answers from the record and ends its siblings, mostly before they begin"},
	{does: "branches that should run together run in order", file: host, old: "if !l.Together {", new: "if true {"},
	{does: "a Parallel that was ended has succeeded", file: parallel, old: "	case 0:\n		return sibling\n", new: "	case 0:\n		_ = sibling\n		return nil\n"},

	// Attempts and retries.
	{does: "a retry too many", file: retry, old: "attempt >= r.attempts {", new: "attempt > r.attempts {"},
	{does: "a retry too few", file: retry, old: "attempt >= r.attempts {", new: "attempt+1 >= r.attempts {"},
	{does: "a permanent error is retried", file: retry, old: "if permanent || anyMatches(r.giveUpOn, err) {", new: "if _ = permanent; anyMatches(r.giveUpOn, err) {"},
	{does: "GiveUpOn is not asked", file: retry, old: "if permanent || anyMatches(r.giveUpOn, err) {", new: "if permanent {"},
	{does: "a panic is retried like any failure", file: retry, old: "return !onlyNamed", new: "return onlyNamed || !onlyNamed"},
	{does: "RetryOn is not asked", file: retry, old: "	return anyMatches(r.retryOn, err)\n", new: "	return true\n"},
	{does: "an exponential delay stays the same", file: backoff, old: "Multiplier:      2,", new: "Multiplier:      1,"},
	{does: "a cancelled step is retried", file: runFile, old: "if policy.IsZero() || ctx.Err() != nil {", new: "if policy.IsZero() {"},
	{does: "a compensation is retried as its step is", file: runFile, old: "		policy = &s.CompensationRetry\n", new: ""},
	{does: "the wait before a retry outlasts its context", file: host, old: "	case <-ctx.Done():\n		return context.Cause(ctx)\n	}\n", new: "	}\n"},
	{does: "a step begins after the end of its context", file: runFile, old: "	if ctx.Err() != nil {\n		return w.fail(ctx, s, phase, n-1, last)\n	}\n", new: ""},
	{does: "attempts have no timeout", file: attempt, old: "if timeout > 0 {", new: "if false {"},
	{does: "a compensation has the timeout of its step", file: attempt, old: "		timeout = s.CompensationTimeout\n", new: ""},
	{does: "what a late step returned is lost", file: attempt, old: "limit: timeout, err: err}", new: "limit: timeout}"},
	{does: "a step that was late has failed", file: attempt, old: "if err != nil && context.Cause(ctx) == error(late) {", new: "if context.Cause(ctx) == error(late) {"},
	{does: "a panic goes through", file: cutFile, old: "	return &chain.PanicError{Value: panicked, Stack: debug.Stack()}\n", new: "	_ = debug.Stack\n	panic(panicked)\n"},
	{does: "a Goexit is forgotten", file: cutFile, old: "	w.cut = &cut{step: s.Index, phase: phase, attempt: frame.Info().Attempt, err: err}\n", new: ""},
	{does: "a Goexit with a panic is a panic", file: cutFile, old: "	w.cut = &cut{step: s.Index, phase: phase, attempt: frame.Info().Attempt, err: err}\n", new: "	if panicked == nil {\n		w.cut = &cut{step: s.Index, phase: phase, attempt: frame.Info().Attempt, err: err}\n	}\n"},
	{does: "a panic answers for a later Goexit, too", file: attempt, old: "		w.cut = nil // it is over, and the goroutine is not\n", new: ""},
	{does: "a panic in a stretch answers for a later Goexit, too", file: straight, old: "			w.cut = nil // as after any attempt\n", new: ""},
	{does: "a resumed execution goes straight", file: execution, old: " && !resumed && x.committer == nil", new: " && x.committer == nil"},
	{does: "a Goexit in an attempt counts as one in the condition", file: cutFile, old: "	*n, w.cut = max(w.cut.attempt, 1), nil\n", new: "	*n, w.cut = 1, nil\n"},
	{does: "an attempt's number is always 1", file: attempt, old: "frame.Set(ctx, s.Index, phase, n)", new: "frame.Set(ctx, s.Index, phase, 1)"},
	{does: "a failure is the context's alone", file: engErrors, old: "	return &endedError{cause, err}\n", new: "	return cause\n"},
	{does: "a failure of a branch that was ended is not heard", file: runFile, old: "			ending = chain.ByContext // a failure", new: "			// a failure"},
	{does: "a branch that could not begin tells of it", file: runFile, old: "if ending == chain.BySibling && n == 0 {", new: "if false {"},
	{does: "a failure ended by a sibling counts as one by itself", file: engErrors, old: "		return chain.BySibling\n", new: "		return chain.ByItself\n"},

	// Undoing.
	{does: "compensations run on the context that has ended", file: chainCtx, old: "context.WithValue(context.WithoutCancel(s.Context), causeKey{}, cause)", new: "context.WithValue(s.Context, causeKey{}, cause)"},
	{does: "a compensation does not know its cause", file: chainCtx, old: "context.WithValue(context.WithoutCancel(s.Context), causeKey{}, cause)", new: "context.WithoutCancel(s.Context)"},
	{does: "oldest completion is undone first", file: unwind, old: "	return undo\n}", new: "	for i, j := 0, len(undo)-1; i < j; i, j = i+1, j-1 {\n		undo[i], undo[j] = undo[j], undo[i]\n	}\n	return undo\n}"},
	{does: "undoing stops at the first failure", file: unwind, old: "f != nil && f.halt != nil {", new: "f != nil {"},
	{does: "the steps inside a Process that is undone as one are undone, too", file: unwind, old: "				covered[inside] = true\n", new: "				_ = inside\n"},
	{does: "what is undone is undone again", file: unwind, old: "if e.Undo() == 0 {", new: "if true {"},
	{does: "what an earlier run has undone is undone again", file: entry, old: "	if s.s.index >= 0 && s.s.undo == 0 {", new: "	if s.s.undo == 0 {"},
	{does: "a fragment undoes what is outside of it", file: unwind, old: "s.Index <= level.Index || s.Index >= level.Next || ", new: ""},
	{does: "a failed step is always undone", file: unwind, old: "s.CompensateOnFailure && attempts > 0 &&", new: "attempts > 0 &&"},
	{does: "CompensateOnFailure does nothing", file: unwind, old: "end == chain.KindFailed && s.", new: "false && s."},
	{does: "a step that could not begin is undone", file: unwind, old: "s.CompensateOnFailure && attempts > 0 &&", new: "s.CompensateOnFailure && attempts >= 0 &&"},
	{does: "a Process that has undone itself is undone again", file: unwind, old: " && !undoesItself(s)\n", new: "\n"},

	// The end.
	{does: "a stuck plan is compensated", file: execution, old: "	case len(x.stuck) > 0:\n		return chain.Stuck\n", new: ""},
	{does: "a partial plan has succeeded", file: execution, old: "		return chain.Partial\n", new: "		return chain.Succeeded\n"},
	{does: "a compensated plan is aborted", file: execution, old: "	case x.program.steps[0].Failure == policy.Compensate:\n		return chain.Compensated\n", new: ""},
	{does: "the plan never undoes", file: execution, old: "if f != nil && f.halt == nil && w.top.Failure == policy.Compensate {", new: "if false {"},
	{does: "Within of the plan is ignored", file: execution, old: "	x.ctx, x.cancel = x.within(scope, &p.steps[0])\n", new: ""},
	{does: "Process and step are both listed as failures", file: failures, old: "e.ending != BySibling && !inside[e.path] {", new: "e.ending != BySibling && (inside == nil || true) {"},
	{does: "a branch that was ended is listed as a failure", file: failures, old: "e.forward == KindFailed && e.ending != BySibling && ", new: "e.forward == KindFailed && "},
	{does: "async work is not waited for", file: await, old: "		return <-result\n", new: "		return nil\n"},
	{does: "a nil channel is success", file: await, old: "			return errNilChannel\n", new: "			return nil\n"},

	// Resume.
	{does: "a completed step is forgotten", file: replay, old: "	if was.end != chain.KindFailed {\n		return nil, true\n	}\n", new: "	if was.end == chain.KindSucceeded {\n		return nil, false\n	}\n	if was.end != chain.KindFailed {\n		return nil, true\n	}\n"},
	{does: "a skipped step is asked again", file: replay, old: "	if was.end != chain.KindFailed {\n		return nil, true\n	}\n", new: "	if was.end == chain.KindSkipped {\n		return nil, false\n	}\n	if was.end != chain.KindFailed {\n		return nil, true\n	}\n"},
	{does: "a Process that was interrupted while it undid itself does not go on", file: replay, old: "if s.Kind.Composite() && undoesItself(s) {", new: "if false {"},
	{does: "a resumed failure has ended by itself", file: replay, old: "return &failure{err: was.err, ending: was.ending}, true", new: "return &failure{err: was.err}, true"},
	{does: "what failed is not tried again", file: resume, old: "if e.forward == KindFailed && isOpen(e.level, e.ending, failed, steps) {", new: "if false {"},
	{does: "what was gone on past is tried again", file: resume, old: "	for {\n		if steps[level].Failure == policy.Continue && ending == ByItself {", new: "	for {\n		if false {"},
	{does: "a cancelled step under Continue is not tried again", file: resume, old: "	for {\n		if steps[level].Failure == policy.Continue && ending == ByItself {", new: "	for {\n		if steps[level].Failure == policy.Continue {"},
	{does: "an interrupted compensation goes forward again", file: resume, old: "if status == Compensating || status == Stuck {", new: "if status == Stuck {"},
	{does: "a stuck plan tries nothing again", file: resume, old: "	if status == Stuck {\n", new: "	if false {\n"},
	{does: "what a Process undid is completed when it runs again", file: resume, old: "return !stands && isAnew(e.level, failed, steps)", new: "return false && !stands && isAnew(e.level, failed, steps)"},
	{does: "a changed compensation goes unseen", file: resume, old: "if s.HasCompensation != e.compensation && e.undo != KindCompensated {", new: "if false {"},
	{does: "a changed order goes unseen", file: resume, old: "if child < newest[level] {", new: "if false {"},
	{does: "an inserted step goes unseen", file: resume, old: "if !touched[child] {", new: "if false {"},
	{does: "a finished execution runs again", file: recorder, old: "case status.Finished():", new: "case false:"},

	// The trace.
	{does: "a retry has no event", file: runFile, old: "		w.recorder().Retrying(w.at, s.Index, phase, n, err, wait)\n", new: ""},
	{does: "a kept success is lost", file: recording, old: "		w.add(w.kept)\n", new: ""},
	{does: "a kept success comes after what followed it", file: recording, old: "	w.flush()\n	w.add(", new: "	defer w.flush()\n	w.add("},
	{does: "a retried attempt in one record with a success is the first", file: records, old: "r.what&^(kindMask|1<<attemptShift)", new: "r.what&phaseBit"},
	{does: "a second attempt in one record with a success is the first", file: recording, old: "ok && n == 1", new: "ok", explain: "before a further attempt there is the end of the one before, so that nothing is kept back"},
	{does: "an attempt in one record with a success is another step's", file: records, old: "r.step + far, firstAttempt", new: "r.step - far, firstAttempt"},
	{does: "a step that has ended its goroutine is attempted again", file: cutFile, old: "true, false\n", new: "true, w.direct\n", explain: "nothing is kept back when the new walk comes to that step, so that it is not begun at once either"},
	{does: "the second event of a record is lost", file: records, old: "		p.half = true\n", new: "		p.records++\n"},
	{does: "an observer that panics is asked again", file: audience, old: "	observers[a.next-1] = nil\n", new: ""},
	{does: "an event that came while another was told is not told", file: audience, old: "	if noted {", new: "	if noted && false {"},
	{does: "the phase is not in the events", file: recorder, old: "kind, rec.what.phase(), levels[kind]", new: "kind, Forward, levels[kind]"},

	// Durability.
	{does: "an attempt is made before its begin is safe", file: runFile, old: "	if w.x.committer != nil {\n		if halt := w.commit(); halt != nil {\n			w.release()\n", new: "	if false {\n		if halt := w.commit(); halt != nil {\n			w.release()\n"},
	{does: "a retry delay is not written down", file: runFile, old: "	if halt := w.commit(); halt != nil {\n		return &failure{halt: halt}\n	}\n	return w.sleep(", new: "	return w.sleep("},
	{does: "a wait for a turn is not written down before", file: slots, old: "	if halt := w.commit(); halt != nil {\n		return false, halt\n	}\n", new: ""},
	{does: "the end is not written down", file: execution, old: "if err := x.commit(); err != nil {", new: "if err := error(nil); err != nil {"},
	{does: "a delay ends with the process", file: runFile, old: "if w.x.resumed && w.x.committer != nil {", new: "if false {"},
	{does: "a step in flight at a crash counts as not begun", file: runFile, old: "if n == 0 && w.replay.hadBegun(s) {", new: "if false {"},
	{does: "the condition of a step in flight is asked again", file: replay, old: "		mark(r.within, step, steps)\n	}\n	for e", new: "		_ = step\n	}\n	for e"},
	{does: "a halt in a wait is a failure", file: runFile, old: "if halt, ok := ended.(*Halt); ok {", new: "if halt, ok := ended.(*Halt); ok && false {"},
	{does: "a step in flight may be missing in the plan", file: resume, old: "		if e.step < 0 {\n			return nil, changed(\"step %q was in flight", new: "		if false {\n			return nil, changed(\"step %q was in flight"},
	{does: "a step may be put before one in flight", file: resume, old: "fitOrder(slices.Concat(entries, begun), with.Steps)", new: "fitOrder(slices.Concat(entries), with.Steps)"},
	{does: "a clock that was put forward makes a delay longer", file: inflight, old: "return min(open[i].due.Sub(r.base.Round(0).Add(at)), open[i].delay)", new: "return open[i].due.Sub(r.base.Round(0).Add(at))"},
	{does: "the last record of an execution has news only", file: durableHost, old: "	if ended {\n		from = chain.Position{}\n	}\n", new: ""},
	{does: "what follows a failed record is written", file: durableHost, old: "	if h.failed != nil {\n		return h.failed\n	}\n", new: ""},
	{does: "the first and the last record do not stand alone", file: durableHost, old: "	if whole {\n		h.before = h.before[:0]\n	}\n", new: ""},
	{does: "a record is the difference to the first one", file: durableHost, old: "h.read, h.before = read, append(h.before[:0], doc[:head]...)", new: "if h.read = read; len(h.before) == 0 {\n		h.before = append(h.before, doc[:head]...)\n	}"},
	{does: "a cancellation ends with the process", file: durableHost, old: "	if err := h.append(Record{Head: h.head, Body: appendBody(nil, h.cancellation)}); err != nil {\n		return h.fail(err)\n	}\n", new: ""},
	{does: "a cancellation is forgotten by a second process", file: launch, old: "head: from.head, next: from.next, cancellation: from.cancellation,", new: "head: from.head, next: from.next,"},
	{does: "shutting down goes on with the next step", file: durableHost, old: "		return ErrShutdown\n	default:\n", new: "		return nil\n	default:\n"},
	{does: "a shutdown waits for delays", file: durableHost, old: "	case <-h.runner.closing:\n		return &engine.Halt{Err: ErrShutdown}\n", new: ""},
	{does: "an ID runs twice at once", file: claimFile, old: "		if !taken {\n", new: "		if !taken || true {\n"},
	{does: "an execution goes on under the newest version only", file: launch, old: "		if v.fingerprint == fingerprint {\n			return v\n", new: "		if v.fingerprint == fingerprint && false {\n			return v\n"},
	{does: "a new execution of an old ID is forgotten for the old one's age", file: operateFile, old: "|| !records[len(records)-1].Changed.Equal(head.Changed) {", new: "{"},
}
