package policy

// wtinylfu admits newcomers to a small LRU window. Who falls out of it competes
// with the entry that would leave the main room next, and the one that was seen
// less often lately leaves. The main room is a segmented LRU: who is hit on
// probation becomes protected. How large the window is follows the hit ratio by
// hill climbing.
//
// G. Einziger, R. Friedman, B. Manes, "TinyLFU: a highly efficient cache
// admission policy", ACM Transactions on Storage 13(4), 2017; G. Einziger,
// O. Eytan, R. Friedman, B. Manes, "Adaptive software cache management",
// Middleware 2018.
type wtinylfu struct {
	window, probation, protected list // front: used last
	seen                         sketch
	replaced                     replacements

	capacity  int64
	share     float64 // of the capacity that is the window's
	step      float64 // by which share changes next
	hits, all int     // uses and all requests in this period of the climber
	ratio     float64 // hits by all in the period before
}

// State of an entry: the list it is in.
const (
	inWindow    = 0
	inProtected = hot
	inProbation = 2
)

const (
	windowShare    = 0.01
	protectedShare = 0.8 // of the main room
	climbStep      = 0.0625
	climbDecay     = 0.98
	climbRestart   = 0.05 // a change of the hit ratio that makes the climber start anew
)

// NewWTinyLFU returns a policy for popularity that is skewed and lasts. It
// remembers frequencies, not entries, in 8 to 16 bytes for each entry in the
// cache. A newcomer larger than the window is refused if those that would leave
// for it were together seen more often.
func NewWTinyLFU() Policy {
	p := &wtinylfu{share: windowShare, step: climbStep}
	p.window.init()
	p.probation.init()
	p.protected.init()
	p.seen.grow(1)
	return p
}

func (p *wtinylfu) Resize(capacity int64) {
	p.capacity = capacity
	p.balance()
}

func (p *wtinylfu) Add(e *Entry) {
	p.seen.grow(p.window.n + p.probation.n + p.protected.n + 1)
	p.seen.see(e.Hash)
	p.climb(0)
	state := e.State
	if known, back := p.replaced.take(e.Hash); back {
		state = known
	}
	switch {
	case state == inProtected:
		p.put(e, inProtected)
	case state == inProbation, e.Size > p.windowMax():
		p.put(e, inProbation)
	default:
		p.put(e, inWindow)
	}
	p.balance()
}

func (p *wtinylfu) Use(entries []*Entry) {
	for _, e := range entries {
		p.seen.see(e.Hash)
		p.climb(1)
		if e.State == inProbation {
			p.move(e, inProtected)
		} else {
			p.list(e).moveToFront(e)
		}
	}
	p.balance()
}

func (p *wtinylfu) Remove(e *Entry, why Reason) {
	p.list(e).remove(e)
	if why == Replaced {
		p.replaced.put(e.Hash, e.State)
	}
	if why != Pinned || e.State != inProtected {
		e.State = 0
	}
}

// Victims lets the entries that fall out of the window because of the newcomer
// compete with those that the main room would lose next.
func (p *wtinylfu) Victims(victims []*Entry, newcomer *Entry, need int64) ([]*Entry, bool) {
	overflow := p.window.bytes - p.windowMax()
	if newcomer != nil {
		if newcomer.Size > p.windowMax() {
			return p.compete(victims, newcomer, need)
		}
		overflow += newcomer.Size
	}
	given, wanted := len(victims), need
	w, m := p.window.back(), p.mainBack()
	for w != nil || m != nil {
		var e *Entry
		switch {
		case w == nil || overflow <= 0 && m != nil:
			e, m = m, p.mainBefore(m)
		case m != nil && p.seen.estimate(w.Hash) > p.seen.estimate(m.Hash):
			won := w
			w = p.window.before(w)
			overflow -= won.Size
			p.move(won, inProbation)
			continue
		default:
			e, w = w, p.window.before(w)
			overflow -= e.Size
		}
		victims = append(victims, e)
		if need -= e.Size; need <= 0 {
			return victims, true
		}
	}
	return p.everyone(victims[:given], wanted), true
}

// compete nominates entries of the main room for a newcomer that the window
// cannot hold, and refuses it if they were together seen more often.
func (p *wtinylfu) compete(victims []*Entry, newcomer *Entry, need int64) ([]*Entry, bool) {
	given := len(victims)
	victims = p.everyone(victims, need)
	theirs := 0
	for _, e := range victims[given:] {
		theirs += p.seen.estimate(e.Hash)
	}
	if theirs > p.seen.estimate(newcomer.Hash) {
		p.seen.see(newcomer.Hash)
		return victims[:given], false
	}
	return victims, true
}

// everyone nominates from the main room and then from the window, with no
// contest.
func (p *wtinylfu) everyone(victims []*Entry, need int64) []*Entry {
	for _, l := range []*list{&p.probation, &p.protected, &p.window} {
		for e := l.back(); e != nil; e = l.before(e) {
			victims = append(victims, e)
			if need -= e.Size; need <= 0 {
				return victims
			}
		}
	}
	return victims
}

func (p *wtinylfu) Ordered() bool { return true }

func (p *wtinylfu) windowMax() int64 { return int64(float64(p.capacity) * p.share) }

func (p *wtinylfu) list(e *Entry) *list {
	switch e.State {
	case inProtected:
		return &p.protected
	case inProbation:
		return &p.probation
	}
	return &p.window
}

func (p *wtinylfu) put(e *Entry, state uint64) {
	e.State = state
	p.list(e).pushFront(e)
}

func (p *wtinylfu) move(e *Entry, state uint64) {
	p.list(e).remove(e)
	p.put(e, state)
}

// mainBack returns the entry that the main room loses next, mainBefore the one
// after it.
func (p *wtinylfu) mainBack() *Entry {
	if e := p.probation.back(); e != nil {
		return e
	}
	return p.protected.back()
}

func (p *wtinylfu) mainBefore(e *Entry) *Entry {
	if e.State == inProtected {
		return p.protected.before(e)
	}
	if before := p.probation.before(e); before != nil {
		return before
	}
	return p.protected.back()
}

// balance moves what falls out of the window, if it need not compete, and what
// the protected entries have too much, on probation.
func (p *wtinylfu) balance() {
	for window := p.windowMax(); p.window.bytes > window; {
		p.move(p.window.back(), inProbation)
	}
	limit := int64(float64(p.capacity-p.windowMax()) * protectedShare)
	for p.protected.bytes > limit {
		p.move(p.protected.back(), inProbation)
	}
}

// climb counts a request. After ten for each entry it moves the border of the
// window on if the hit ratio rose, and back if it fell.
func (p *wtinylfu) climb(hit int) {
	p.hits += hit
	p.all++
	if p.all < 10*(p.window.n+p.probation.n+p.protected.n) {
		return
	}
	ratio := float64(p.hits) / float64(p.all)
	p.hits, p.all = 0, 0
	change := ratio - p.ratio
	p.ratio = ratio
	if change < 0 {
		p.step = -p.step
	}
	p.share = min(max(p.share+p.step, 0), 0.8)
	if change >= climbRestart || change <= -climbRestart {
		if p.step < 0 {
			p.step = -climbStep
		} else {
			p.step = climbStep
		}
	} else {
		p.step *= climbDecay
	}
}
