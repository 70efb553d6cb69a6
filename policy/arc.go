package policy

// arc keeps those seen once (t1) and those seen again (t2) in two LRU lists,
// remembers who left either (b1, b2), and moves the border between the two
// towards the list whose departed are asked for again.
//
// N. Megiddo, D. S. Modha, "ARC: a self-tuning, low overhead replacement cache",
// FAST 2003. The paper counts pages; here all its quantities are bytes.
type arc struct {
	t1, t2   list // front: used last
	b1, b2   history
	capacity int64
	target   int64 // bytes that t1 may hold: the paper's p
	replaced replacements
}

// inT2 is the State of an entry in t2.
const inT2 = hot

// NewARC returns a policy between LRU and LFU that adapts to recency and
// frequency. It admits every newcomer. Of those that left it remembers at most
// twice as many as are in the cache (64 if they are few), together with which
// these have at most twice its bytes, in some 60 bytes each.
func NewARC() Policy {
	p := new(arc)
	p.t1.init()
	p.t2.init()
	return p
}

func (p *arc) Resize(capacity int64) {
	p.capacity = capacity
	p.target = min(p.target, capacity)
	p.trim()
}

func (p *arc) Add(e *Entry) {
	p.target, _ = p.adapted(e)
	_, inB1 := p.b1.take(e.Hash)
	_, inB2 := p.b2.take(e.Hash)
	_, back := p.replaced.take(e.Hash)
	if inB1 || inB2 || back || e.State == inT2 {
		e.State = inT2
		p.t2.pushFront(e)
	} else {
		e.State = 0
		p.t1.pushFront(e)
	}
	p.trim()
}

func (p *arc) Use(entries []*Entry) {
	for _, e := range entries {
		if e.State == inT2 {
			p.t2.moveToFront(e)
			continue
		}
		p.t1.remove(e)
		e.State = inT2
		p.t2.pushFront(e)
	}
}

func (p *arc) Remove(e *Entry, why Reason) {
	left, past := &p.t1, &p.b1
	if e.State == inT2 {
		left, past = &p.t2, &p.b2
	}
	left.remove(e)
	switch why {
	case Evicted:
		past.add(departed{hash: e.Hash, size: e.Size})
		p.trim()
	case Replaced:
		p.replaced.put(e.Hash, 0)
	}
	if why != Pinned {
		e.State = 0
	}
}

// Victims is the paper's subroutine REPLACE.
func (p *arc) Victims(victims []*Entry, newcomer *Entry, need int64) ([]*Entry, bool) {
	target, inB2 := p.target, false
	if newcomer != nil {
		target, inB2 = p.adapted(newcomer)
	}
	e1, e2, held := p.t1.back(), p.t2.back(), p.t1.bytes
	for e1 != nil || e2 != nil {
		var e *Entry
		if e1 != nil && (e2 == nil || held > target || inB2 && held == target) {
			e, e1 = e1, p.t1.before(e1)
			held -= e.Size
		} else {
			e, e2 = e2, p.t2.before(e2)
		}
		victims = append(victims, e)
		if need -= e.Size; need <= 0 {
			break
		}
	}
	return victims, true
}

func (p *arc) Ordered() bool { return true }

// adapted returns where the border between t1 and t2 goes when e comes, and
// whether e left t2 lately.
func (p *arc) adapted(e *Entry) (target int64, inB2 bool) {
	size, b1, b2 := float64(e.Size), float64(p.b1.bytes), float64(p.b2.bytes)
	if _, ok := p.b1.find(e.Hash); ok {
		return min(p.target+int64(size*max(b2/b1, 1)), p.capacity), false
	}
	if _, ok := p.b2.find(e.Hash); ok {
		return max(p.target-int64(size*max(b1/b2, 1)), 0), true
	}
	return p.target, false
}

// trim forgets the oldest of those who left until t1 and b1 have no more bytes
// than the cache, and all four lists no more than twice as many.
func (p *arc) trim() {
	n := max(2*(p.t1.n+p.t2.n), 64)
	p.b1.trim(p.capacity-p.t1.bytes, n/2)
	p.b2.trim(2*p.capacity-p.t1.bytes-p.t2.bytes-p.b1.bytes, n)
}
