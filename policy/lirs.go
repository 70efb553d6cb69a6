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
//
// With marks (NewClockLIRS) a hit changes nothing but the mark of its entry. A
// mark is turned into the use that it stands for when its entry comes to the end
// of its list, as in CLOCK; and a HIR entry, whose list is short, is taken for
// used again when it was hit twice there, because a single hit soon after the
// first tells little (S3-FIFO does the same). That hits can be known late is the
// idea of S. Jiang, F. Chen, X. Zhang, "CLOCK-Pro: an effective improvement of
// the CLOCK replacement", USENIX ATC 2005, but the lists stay those of LIRS
// instead of one clock with three hands.
type lirs struct {
	low  list   // LIR, front: used last
	high list   // resident HIR, front: used, came or was demoted last
	past recall // HIR that left, with the time of their last use

	marks    bool // uses are known by marks alone
	memory   int  // past holds so many times the number of entries
	target   int64
	now      uint64 // counts uses
	replaced replacements
}

// State of an entry: the time of its last use, shifted, and whether it is LIR.
const isLIR = hot

// lirsMemory is how many times the number of its entries LIRS remembers of those
// that left; it keeps a part of loops that are about so much longer than the
// cache. Measured over the public traces, the mean distance to the optimum with
// 1, 2, 4, 6 is 4.9, 4.7, 4.7, 4.6 points; where sizes differ, less is better.
const lirsMemory = 2

// NewLIRS returns a policy that keeps what is used again soonest after its last
// use, exact in the order in which Use and Add name the entries. On loops larger
// than the cache it comes near the optimum; on popularity that drifts it falls
// behind LRU. It remembers about twice as many evicted hashes as entries are in
// the cache (at least 64), some 27 bytes for each of these. A newcomer for which
// entries of short recency would have to leave is refused the first time.
func NewLIRS() Policy { return newLIRS(false, lirsMemory) }

// NewClockLIRS returns LIRS that knows of hits by the marks of the entries alone,
// so that a hit costs as little as with CLOCK. Its hit ratios are about those of
// [NewLIRS], and so is what else is said there.
func NewClockLIRS() Policy { return newLIRS(true, lirsMemory) }

func newLIRS(marks bool, memory int) *lirs {
	p := &lirs{marks: marks, memory: memory}
	p.low.init()
	p.high.init()
	return p
}

func (p *lirs) Resize(capacity int64) {
	p.target = capacity - max(capacity/100, 1)
	p.demote()
}

func (p *lirs) Add(e *Entry) {
	p.turn()
	known, back := p.replaced.take(e.Hash)
	var wasLIR, again bool
	if back {
		wasLIR = known == isLIR
	} else {
		wasLIR = e.State == isLIR
		again = p.usedLately(e.Hash)
		p.past.drop(e.Hash)
	}
	if wasLIR || again || p.low.bytes+p.high.bytes+e.Size <= p.target {
		p.promote(e)
		return
	}
	p.stamp(e)
	p.high.pushFront(e)
}

func (p *lirs) Use(entries []*Entry) {
	for _, e := range entries {
		p.use(e)
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
			p.remember(e.Hash, state>>1)
		}
	case Replaced:
		p.replaced.put(e.Hash, state&isLIR)
	case Pinned:
		e.State = state & isLIR
	}
}

func (p *lirs) Victims(victims []*Entry, newcomer *Entry, need int64) ([]*Entry, bool) {
	p.turn()
	given := len(victims)
	spare := 2 * p.high.n // hits go on meanwhile: marks that still count
	for e := p.high.back(); e != nil; {
		ahead := p.high.before(e)
		if p.marks && e.Mark() > 1 && spare > 0 {
			spare--
			e.SetMark(0)
			p.use(e)
			if nominated := len(victims) - given; ahead == nil && nominated == 0 {
				ahead = p.high.back()
			} else if ahead == nil { // someone may have come before the nominated
				ahead = p.high.before(victims[len(victims)-1])
			}
		} else {
			victims = append(victims, e)
			if need -= e.Size; need <= 0 {
				return victims, true
			}
		}
		e = ahead
	}
	if newcomer != nil && p.low.n > 0 && !p.welcome(newcomer) {
		p.now++
		p.remember(newcomer.Hash, p.now)
		return victims[:given], false
	}
	return p.low.nominate(victims, need), true
}

func (p *lirs) Ordered() bool { return !p.marks }

// use is the paper's access to a resident entry.
func (p *lirs) use(e *Entry) {
	switch {
	case e.State&isLIR != 0:
		p.stamp(e)
		e.State |= isLIR
		p.low.moveToFront(e)
	case p.inStack(e.State >> 1):
		p.high.remove(e)
		p.promote(e)
	default:
		p.stamp(e)
		p.high.moveToFront(e)
	}
}

// turnStep is how many LIR entries go from the bottom of the stack to its top in
// one call at most, so that a call that comes after very many hits does not take
// long.
const turnStep = 64

// turn lets LIR entries with a mark go from the bottom of the stack to its top.
func (p *lirs) turn() {
	if !p.marks {
		return
	}
	for spare := min(p.low.n, turnStep); spare > 0; spare-- {
		e := p.low.back()
		if e.Mark() == 0 {
			return
		}
		e.SetMark(0)
		p.use(e)
	}
}

// stamp makes e a HIR entry that was used now.
func (p *lirs) stamp(e *Entry) {
	p.now++
	e.State = p.now << 1
}

// inStack reports whether an entry that was last used at this time is in the
// paper's stack.
func (p *lirs) inStack(time uint64) bool {
	last := p.low.back()
	if last == nil {
		return true
	}
	if p.marks && last.Mark() > 0 {
		return false // it was used after all that turn has seen so far
	}
	return time > last.State>>1
}

// promote puts e, which is in no list, on top of the stack as LIR.
func (p *lirs) promote(e *Entry) {
	p.stamp(e)
	e.State |= isLIR
	p.low.pushFront(e)
	p.demote()
}

// demote turns the last LIR entries into HIR until the others keep to their
// bytes.
func (p *lirs) demote() {
	p.turn()
	for p.low.bytes > p.target && p.low.n > 1 {
		e := p.low.back()
		p.low.remove(e)
		e.State &^= isLIR
		p.high.pushFront(e)
		p.turn()
	}
}

// remember keeps the hash of a HIR entry that is not in the cache in the stack,
// if the time of its last use is in it.
func (p *lirs) remember(hash, time uint64) {
	if p.inStack(time) {
		p.past.put(hash, time, max(p.memory*(p.low.n+p.high.n), 64))
	}
}

// usedLately reports whether an entry with this hash left and is in the stack.
func (p *lirs) usedLately(hash uint64) bool {
	time, ok := p.past.find(hash, p.now)
	return ok && p.inStack(time)
}

// welcome reports whether LIR entries may leave for e.
func (p *lirs) welcome(e *Entry) bool {
	return e.State == isLIR || p.usedLately(e.Hash) || p.replaced.has(e.Hash)
}

// coldest returns the entry that would leave next if no mark counted.
func (p *lirs) coldest() *Entry {
	if e := p.high.back(); e != nil {
		return e
	}
	return p.low.back()
}
