package policy

import (
	"cmp"
	"slices"
)

// plainGDSF sorts its entries by value whenever somebody has to leave.
type plainGDSF struct {
	in       row
	uses     map[*Entry]uint32
	value    map[*Entry]float64
	floor    float64
	replaced map[uint64]uint32 // uses
}

func newPlainGDSF() *plainGDSF {
	return &plainGDSF{uses: make(map[*Entry]uint32), value: make(map[*Entry]float64), replaced: make(map[uint64]uint32)}
}

func (p *plainGDSF) use(e *Entry, uses uint32) {
	p.uses[e] = uses
	p.value[e] = p.floor + float64(float64(uses)*float64(max(e.Cost, 1)))/float64(e.Size)
}

func (p *plainGDSF) Add(e *Entry) {
	p.in.push(e)
	p.use(e, p.replaced[e.Hash]+1)
	delete(p.replaced, e.Hash)
}

func (p *plainGDSF) Use(entries []*Entry) {
	for _, e := range entries {
		p.use(e, p.uses[e]+1)
	}
}

func (p *plainGDSF) Remove(e *Entry, why Reason) {
	p.in.cut(e)
	switch why {
	case Evicted:
		p.floor = max(p.floor, p.value[e])
	case Replaced:
		p.replaced[e.Hash] = p.uses[e]
	}
}

func (p *plainGDSF) Resize(int64)  {}
func (p *plainGDSF) Ordered() bool { return true }

func (p *plainGDSF) Victims(victims []*Entry, _ *Entry, need int64) ([]*Entry, bool) {
	sorted := slices.SortedFunc(slices.Values(p.in), func(a, b *Entry) int { return cmp.Compare(p.value[a], p.value[b]) })
	return append(victims, row(sorted).upTo(need)...), true
}
