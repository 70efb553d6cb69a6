package policy

// lirs ranks entries by the time between their last two uses (inter-reference
// recency) instead of the time since the last one. Those with a short one (LIR)
// hold all but a hundredth of the room and stay; the others (HIR) pass through
// the rest.
//
// S. Jiang, X. Zhang, "LIRS: an efficient low inter-reference recency set
// replacement policy to improve buffer cache performance", SIGMETRICS 2002.
//
// The paper's stack S holds every entry, resident or not, that was used later
// than the LIR entry which was not used for longest, and is pruned so that this
// one lies at its bottom. Here nobody is stacked: entries carry the time of their
// last use, and "in S" reads "used after the last of the LIR entries". The LIR
// entries of S are the list low; HIR entries that are resident are the paper's
// list Q, here high; those that are not are past.
type lirs struct {
	low  list // LIR, front: used last
	high list // resident HIR, front: used, came or was demoted last
	past history

	capacity int64
	target   int64  // bytes for low
	now      uint64 // counts uses
	replaced replacements
}

// State of an entry: the time of its last use, shifted, and whether it is LIR.
const isLIR = hot

// NewLIRS returns a policy that keeps what is used again soonest after its last
// use. On loops larger than the cache it comes near the optimum; on popularity
// that drifts it falls behind LRU. Of those that left it remembers at most twice
// as many as are in the cache (64 if they are few), of at most twice its bytes,
// in some 60 bytes each. A newcomer for which entries of short recency would have
// to leave is refused the first time.
func NewLIRS() Policy {
	p := new(lirs)
	p.low.init()
	p.high.init()
	return p
}

func (p *lirs) Resize(capacity int64) {
	p.capacity = capacity
	p.target = capacity - capacity/100
	if p.target == capacity {
		p.target--
	}
	p.demote()
}

func (p *lirs) Add(e *Entry) {
	d, seen := p.past.take(e.Hash)
	known, back := p.replaced.take(e.Hash)
	pinned := e.State&isLIR != 0
	switch {
	case pinned, back && known&isLIR != 0, // it was LIR and is
		back && p.inStack(known>>1), seen && p.inStack(d.time), // it was used again soon
		p.low.bytes+p.high.bytes+e.Size <= p.target: // there is room for all
		p.promote(e)
	default:
		p.now++
		e.State = p.now << 1
		p.high.pushFront(e)
	}
}

func (p *lirs) Use(entries []*Entry) {
	for _, e := range entries {
		switch {
		case e.State&isLIR != 0:
			p.now++
			e.State = p.now<<1 | isLIR
			p.low.moveToFront(e)
		case p.inStack(e.State >> 1):
			p.high.remove(e)
			p.promote(e)
		default:
			p.now++
			e.State = p.now << 1
			p.high.moveToFront(e)
		}
	}
}

func (p *lirs) Remove(e *Entry, why Reason) {
	state := e.State
	e.State = 0
	if state&isLIR != 0 {
		p.low.remove(e)
	} else {
		p.high.remove(e)
	}
	switch why {
	case Evicted:
		if state&isLIR == 0 {
			p.remember(e, state>>1)
		}
	case Replaced:
		p.replaced.put(e.Hash, state)
	case Pinned:
		e.State = state & isLIR
	}
}

func (p *lirs) Victims(victims []*Entry, newcomer *Entry, need int64) ([]*Entry, bool) {
	given := len(victims)
	for e := p.high.back(); e != nil; e = p.high.before(e) {
		victims = append(victims, e)
		if need -= e.Size; need <= 0 {
			return victims, true
		}
	}
	if newcomer != nil && p.low.n > 0 && !p.known(newcomer) {
		p.now++
		p.past.add(departed{hash: newcomer.Hash, time: p.now, size: newcomer.Size})
		p.prune()
		return victims[:given], false
	}
	return p.low.nominate(victims, need), true
}

func (p *lirs) Ordered() bool { return true }

// inStack reports whether an entry that was last used at this time is in the
// paper's stack.
func (p *lirs) inStack(time uint64) bool {
	last := p.low.back()
	return last == nil || time > last.State>>1
}

// promote puts e, which is in no list, on top of the stack as LIR.
func (p *lirs) promote(e *Entry) {
	p.now++
	e.State = p.now<<1 | isLIR
	p.low.pushFront(e)
	p.demote()
}

// demote turns the last LIR entries into HIR until the others keep to their
// bytes.
func (p *lirs) demote() {
	for p.low.bytes > p.target && p.low.n > 1 {
		e := p.low.back()
		p.low.remove(e)
		e.State &^= isLIR
		p.high.pushFront(e)
	}
	p.prune()
}

// remember keeps a HIR entry that left in the stack, if it is in it.
func (p *lirs) remember(e *Entry, time uint64) {
	if p.inStack(time) {
		p.past.add(departed{hash: e.Hash, time: time, size: e.Size})
	}
	p.prune()
}

// prune forgets who left and is below the stack's bottom, and the oldest of
// those that are too many.
func (p *lirs) prune() {
	for d, ok := p.past.first(); ok && !p.inStack(d.time); d, ok = p.past.first() {
		p.past.take(d.hash)
	}
	p.past.trim(2*p.capacity, ghostsFor(p.low.n+p.high.n))
}

// known reports whether e would come as LIR.
func (p *lirs) known(e *Entry) bool {
	d, seen := p.past.find(e.Hash)
	return seen && p.inStack(d.time) || e.State&isLIR != 0
}
