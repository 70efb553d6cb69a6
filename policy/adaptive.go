package policy

import "github.com/bmadventure/optcache/internal/mark"

// adaptive is always one of several policies: the one whose miniature cache, fed
// with a sample of the requests, saved most lately.
//
// That a cache a fraction of the size, fed with the same fraction of the keys,
// hits about as often is from C. A. Waldspurger, T. Saemundson, I. Ahmad,
// N. Park, "Cache modeling and optimization using miniature simulations", USENIX
// ATC 2017. That it pays to follow the best of several policies is from
// R. B. Gramacy, M. K. Warmuth, S. A. Brandt, I. Ari, "Adaptive caching by
// refetching", NIPS 2002.
//
// All candidates know hits by marks alone, so that the entries of the cache need
// no order of hits; only the miniatures need it, and only for the sample.
//
// When another candidate leads, a new policy of its kind takes over: newcomers
// join it, and every call takes a few entries, the coldest first, out of the old
// one. Meanwhile the side bit of an entry says which of the two holds it.
type adaptive struct {
	current  candidate
	old      candidate // being left; nil most of the time
	side     uint32    // the side bit of the entries in current
	minis    miniatures
	leader   int // whose kind current is
	replaced replacements
	refused  uint64 // hash of the newcomer refused last
	requests uint64 // that the miniatures answered

	room  int64 // bytes that the cache may hold, or that others leave it
	bytes int64
	n     int
}

// A candidate is a policy that adaptive can follow.
type candidate interface {
	Policy
	coldest() *Entry // who would leave next if no mark counted; nil if nobody is in
}

// candidates are the policies to choose from. The first is the one to begin
// with: LIRS with a short memory, because it is the best where sizes differ and
// bad nowhere but where popularity drifts.
var candidates = []func() candidate{
	func() candidate { return newLIRS(true, 1) },
	func() candidate { return newLIRS(true, 4) },
	func() candidate { return newS3FIFO() },
	func() candidate { return newCLOCK() },
	func() candidate { return newSIEVE() },
}

// patience is how many requests the miniatures answer before the leader is
// called in question.
const patience = 8

// moveStep is how many entries a call moves from the old to the new policy.
const moveStep = 16

// NewAdaptive returns a policy that follows the best of several for the requests
// at hand: LIRS with a short and a long memory, S3-FIFO, CLOCK and SIEVE. Best is
// who hits most bytes, which is most entries where all have one size.
//
// It simulates them on the requests for all keys while the cache has up to 2,048
// entries, and beyond on a sample of the keys with 1,024 to 2,048 entries in the
// cache. That costs up to some 1 MB, and about a microsecond for each request in
// the sample (see [Sampler]). Besides it remembers evicted hashes as LIRS does,
// in 13 to 53 bytes for each entry in the cache.
func NewAdaptive() Policy {
	p := &adaptive{current: candidates[0]()}
	p.minis.init()
	return p
}

func (p *adaptive) Resize(capacity int64) {
	p.room = capacity
	p.current.Resize(capacity)
	if p.old != nil {
		p.old.Resize(capacity)
	}
	p.minis.resize(capacity)
}

func (p *adaptive) Ordered() bool { return true }

// Sample implements [Sampler].
func (p *adaptive) Sample() (mask uint64) { return p.minis.mask() }

func (p *adaptive) Add(e *Entry) {
	p.migrate()
	p.join(e)
	p.n++
	p.bytes += e.Size
	p.minis.fit(p.n)
	if p.bytes > p.room {
		p.Resize(p.bytes)
	}
	_, back := p.replaced.take(e.Hash)
	p.request(e, !back)
}

func (p *adaptive) Use(entries []*Entry) {
	p.migrate()
	for _, e := range entries {
		p.request(e, true)
	}
}

func (p *adaptive) Remove(e *Entry, why Reason) {
	if p.old != nil && e.mark.Side() != p.side {
		if why == Replaced { // current shall know the new one
			p.bring(e)
			p.current.Remove(e, why)
		} else {
			p.old.Remove(e, why)
		}
	} else {
		p.current.Remove(e, why)
	}
	p.n--
	p.bytes -= e.Size
	switch why {
	case Replaced:
		p.replaced.put(e.Hash, 0)
	case Deleted, Pinned:
		p.minis.forget(e.Hash)
	}
}

func (p *adaptive) Victims(victims []*Entry, newcomer *Entry, need int64) ([]*Entry, bool) {
	p.migrate()
	p.shrink(newcomer, need)
	given := len(victims)
	victims, admit := p.current.Victims(victims, newcomer, need)
	if !admit {
		if newcomer.Hash != p.refused { // it may try more than once
			p.refused = newcomer.Hash
			p.request(newcomer, true)
		}
		return victims, false
	}
	if p.old != nil {
		for _, e := range victims[given:] {
			need -= e.Size
		}
		if need > 0 || len(victims) == given {
			victims, _ = p.old.Victims(victims, nil, need)
		}
	}
	return victims, true
}

// shrink takes note that others leave the cache less room than it may have: the
// miniatures shall not have more.
func (p *adaptive) shrink(newcomer *Entry, need int64) {
	room := p.bytes - need
	if newcomer != nil {
		room += newcomer.Size
	}
	if room > 0 && room < p.room {
		p.Resize(room)
	}
}

// request lets the miniatures answer a request for e and follows the best of
// them.
func (p *adaptive) request(e *Entry, counts bool) {
	if e.Hash&p.minis.mask() != 0 {
		return
	}
	p.minis.request(e, counts)
	if p.old != nil {
		return // one move at a time
	}
	if p.requests++; p.requests%patience != 0 {
		return
	}
	if best := p.minis.best(p.leader); best != p.leader {
		p.leader = best
		p.follow(candidates[best]())
	}
}

// follow begins to move to another policy.
func (p *adaptive) follow(next candidate) {
	if from, ok := p.current.(*lirs); ok {
		if to, ok := next.(*lirs); ok { // all that differs
			from.memory = to.memory
			return
		}
	}
	p.old, p.current = p.current, next
	p.current.Resize(p.room)
	p.side ^= mark.Side
}

// migrate moves a few entries from the old policy to the current one.
func (p *adaptive) migrate() {
	for i := 0; i < moveStep && p.old != nil; i++ {
		if e := p.old.coldest(); e != nil {
			p.bring(e)
		} else {
			p.old = nil
		}
	}
}

// bring moves e from the old policy to the current one, to those it protects: it
// proved itself in the old one.
func (p *adaptive) bring(e *Entry) {
	p.old.Remove(e, Deleted)
	e.State = hot
	p.join(e)
}

func (p *adaptive) join(e *Entry) {
	e.mark.SetSide(p.side)
	p.current.Add(e)
}
