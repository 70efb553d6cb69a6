package policy

import "slices"

// plainLIRS ranks by the time of the last use. Its memory of those who left is that of ours, which is tested
// by itself; that all this is the paper's algorithm TestModels shows.
type plainLIRS struct {
	marks     bool
	low, high row // LIR, HIR
	used      map[*Entry]uint64
	now       uint64
	target    int64
	past      recall
	pinned    map[*Entry]bool   // LIR
	replaced  map[uint64]string // "LIR" or "HIR"
}

func newPlainLIRS(marks bool) *plainLIRS {
	return &plainLIRS{marks: marks, used: make(map[*Entry]uint64), pinned: make(map[*Entry]bool), replaced: make(map[uint64]string)}
}

func (p *plainLIRS) Ordered() bool { return !p.marks }

func (p *plainLIRS) Resize(capacity int64) {
	p.target = capacity - capacity/100
	if capacity < 100 {
		p.target = capacity - 1
	}
	p.demote()
}

// look turns marks of LIR entries into uses, from the one that was not used for longest on.
func (p *plainLIRS) look() {
	if !p.marks {
		return
	}
	for range min(len(p.low), 64) {
		e := p.low[0]
		if e.Mark() == 0 {
			return
		}
		e.SetMark(0)
		p.use(e)
	}
}

// recent reports whether a use at that time is later than the last use of some LIR entry.
func (p *plainLIRS) recent(time uint64) bool {
	if len(p.low) == 0 {
		return true
	}
	return !(p.marks && p.low[0].Mark() > 0) && time > p.used[p.low[0]]
}

func (p *plainLIRS) stamp(e *Entry) {
	p.now++
	p.used[e] = p.now
}

func (p *plainLIRS) use(e *Entry) {
	switch {
	case p.low.cut(e):
		p.stamp(e)
		p.low.push(e)
	case p.recent(p.used[e]):
		p.high.cut(e)
		p.promote(e)
	default:
		p.high.cut(e)
		p.stamp(e)
		p.high.push(e)
	}
}

func (p *plainLIRS) promote(e *Entry) {
	p.stamp(e)
	p.low.push(e)
	p.demote()
}

func (p *plainLIRS) demote() {
	for p.look(); len(p.low) > 1 && p.low.bytes() > p.target; p.look() {
		e := p.low[0]
		p.low.cut(e)
		p.high.push(e)
	}
}

// remembered reports whether a newcomer was used lately.
func (p *plainLIRS) remembered(e *Entry) bool {
	time, ok := p.past.find(e.Hash, p.now)
	return ok && p.recent(time)
}

func (p *plainLIRS) remember(hash, time uint64) {
	if p.recent(time) {
		p.past.put(hash, time, max(64, 2*(len(p.low)+len(p.high))))
	}
}

func (p *plainLIRS) Add(e *Entry) {
	p.look()
	lir := p.pinned[e]
	if was, ok := p.replaced[e.Hash]; ok {
		lir = was == "LIR"
	} else {
		lir = lir || p.remembered(e)
		p.past.drop(e.Hash)
	}
	delete(p.pinned, e)
	delete(p.replaced, e.Hash)
	if lir || p.low.bytes()+p.high.bytes()+e.Size <= p.target {
		p.promote(e)
		return
	}
	p.stamp(e)
	p.high.push(e)
}

func (p *plainLIRS) Use(entries []*Entry) {
	for _, e := range entries {
		p.use(e)
	}
}

func (p *plainLIRS) Remove(e *Entry, why Reason) {
	rank := "HIR"
	if !p.high.cut(e) {
		p.low.cut(e)
		rank = "LIR"
	}
	switch why {
	case Evicted:
		if rank == "HIR" {
			p.remember(e.Hash, p.used[e])
		}
	case Replaced:
		p.replaced[e.Hash] = rank
	case Pinned:
		p.pinned[e] = rank == "LIR"
	}
}

func (p *plainLIRS) coldest() *Entry {
	if len(p.high) > 0 {
		return p.high[0]
	}
	return p.low.first()
}

func (p *plainLIRS) Victims(victims []*Entry, newcomer *Entry, need int64) ([]*Entry, bool) {
	p.look()
	var nominated row
	spare := 2 * len(p.high)
	next := func() *Entry { // the first HIR entry that is not nominated
		for _, e := range p.high {
			if !slices.Contains(nominated, e) {
				return e
			}
		}
		return nil
	}
	for e := next(); e != nil; e = next() {
		if p.marks && e.Mark() > 1 && spare > 0 {
			spare--
			e.SetMark(0)
			p.use(e)
			continue
		}
		nominated.push(e)
		if need -= e.Size; need <= 0 {
			return append(victims, nominated...), true
		}
	}
	if newcomer != nil && len(p.low) > 0 {
		_, replaced := p.replaced[newcomer.Hash]
		if !p.pinned[newcomer] && !replaced && !p.remembered(newcomer) {
			p.now++
			p.remember(newcomer.Hash, p.now)
			return victims, false
		}
	}
	return append(append(victims, nominated...), p.low.upTo(need)...), true
}
