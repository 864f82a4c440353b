package chain

// rarities is what most executions have none of.
type rarities struct {
	details  []detail  // in the order of the records
	first    [2]detail // room for them
	undoing  bool      // the whole plan is being undone
	goesOn   bool      // this run is no other than the one before
	attached attachments
	rest     *rest
}

// rest is what most executions have none of even if something in them fails.
type rest struct {
	wide      []Record     // the records that fit no cell
	unwinding map[int]bool // the levels that are being undone, but for the plan itself
	metadata  map[string]any
	earlier   *earlier
	turn      chan struct{} // closed by the one who is telling, to leave that to the end of the run
}

// earlier is what there is of earlier runs.
type earlier struct {
	past   []Event
	before []entry    // what they have settled
	open   []inFlight // what they were in the middle of
}

// earlier is what there is of earlier runs: nothing in the first one.
func (r *Recorder) earlier() *earlier {
	if earlier := r.rest().earlier; earlier != nil {
		return earlier
	}
	return new(earlier)
}

// details is what there is of them, with the lock.
func (r *Recorder) details() []detail {
	if rare := r.rare.Load(); rare != nil {
		return rare.details
	}
	return nil
}

// rest is what there is of it, to look at with the lock.
func (r *Recorder) rest() rest {
	if rare := r.rare.Load(); rare != nil && rare.rest != nil {
		return *rare.rest
	}
	return rest{}
}

// more is the rest, to add to it with the lock.
func (r *Recorder) more() *rest {
	rare := r.rarities()
	if rare.rest == nil {
		rare.rest = new(rest)
	}
	return rare.rest
}

// rarities is what there is of them, to add to them with the lock; attachments need none.
func (r *Recorder) rarities() *rarities {
	if r.rare.Load() == nil {
		r.rare.CompareAndSwap(nil, new(rarities))
	}
	return r.rare.Load()
}
