package policy

import "slices"

// plainARC is the paper's Figure 4 in bytes, with its lists as slices.
type plainARC struct {
	t1, t2   row
	b1, b2   []departed // who left first is at the front
	capacity int64
	target   int64 // p of the paper
	pinned   map[*Entry]bool
	replaced map[uint64]bool
}

func newPlainARC() *plainARC {
	return &plainARC{pinned: make(map[*Entry]bool), replaced: make(map[uint64]bool)}
}

func (p *plainARC) Resize(capacity int64) {
	p.capacity, p.target = capacity, min(p.target, capacity)
	p.forget()
}

func find(b []departed, hash uint64) int {
	return slices.IndexFunc(b, func(d departed) bool { return d.hash == hash })
}

// adapted returns p after a request for e, and whether e is in b2.
func (p *plainARC) adapted(e *Entry) (int64, bool) {
	b1, b2 := float64(sizes(p.b1)), float64(sizes(p.b2))
	switch {
	case find(p.b1, e.Hash) >= 0:
		step := float64(e.Size)
		if b2 > b1 {
			step *= b2 / b1
		}
		return min(p.capacity, p.target+int64(step)), false
	case find(p.b2, e.Hash) >= 0:
		step := float64(e.Size)
		if b1 > b2 {
			step *= b1 / b2
		}
		return max(0, p.target-int64(step)), true
	}
	return p.target, false
}

func (p *plainARC) Add(e *Entry) {
	p.target, _ = p.adapted(e)
	again := p.pinned[e] || p.replaced[e.Hash]
	delete(p.pinned, e)
	delete(p.replaced, e.Hash)
	for _, b := range []*[]departed{&p.b1, &p.b2} {
		if i := find(*b, e.Hash); i >= 0 {
			*b = slices.Delete(*b, i, i+1)
			again = true
		}
	}
	if again {
		p.t2.push(e)
	} else {
		p.t1.push(e)
	}
	p.forget()
}

func (p *plainARC) Use(entries []*Entry) {
	for _, e := range entries {
		if !p.t1.cut(e) {
			p.t2.cut(e)
		}
		p.t2.push(e)
	}
}

func (p *plainARC) Remove(e *Entry, why Reason) {
	past, frequent := &p.b1, false
	if !p.t1.cut(e) {
		p.t2.cut(e)
		past, frequent = &p.b2, true
	}
	switch why {
	case Evicted:
		if i := find(*past, e.Hash); i >= 0 {
			*past = slices.Delete(*past, i, i+1)
		}
		*past = append(*past, departed{e.Hash, e.Size})
		p.forget()
	case Replaced:
		p.replaced[e.Hash] = true
	case Pinned:
		p.pinned[e] = frequent
	}
}

// forget keeps |t1|+|b1| within the capacity, all lists within twice as much, and the number of those
// remembered within that of those in the cache, for b1, and within twice that, for b2.
func (p *plainARC) forget() {
	n := max(64, 2*(len(p.t1)+len(p.t2)))
	for len(p.b1) > 0 && (p.t1.bytes()+sizes(p.b1) > p.capacity || len(p.b1) > n/2) {
		p.b1 = p.b1[1:]
	}
	for len(p.b2) > 0 && (p.t1.bytes()+p.t2.bytes()+sizes(p.b1)+sizes(p.b2) > 2*p.capacity || len(p.b2) > n) {
		p.b2 = p.b2[1:]
	}
}

func (p *plainARC) Victims(victims []*Entry, newcomer *Entry, need int64) ([]*Entry, bool) {
	target, inB2 := p.target, false
	if newcomer != nil {
		target, inB2 = p.adapted(newcomer)
	}
	t1, t2 := p.t1, p.t2
	for first := true; len(t1)+len(t2) > 0 && (first || need > 0); first = false {
		held := t1.bytes()
		from := &t2
		if len(t1) > 0 && (len(t2) == 0 || held > target || held == target && inB2) {
			from = &t1
		}
		e := (*from)[0]
		*from = (*from)[1:]
		victims = append(victims, e)
		need -= e.Size
	}
	return victims, true
}

func (p *plainARC) Ordered() bool { return true }
