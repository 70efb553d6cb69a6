package policy

// gdsf values an entry by what it saves: its uses, times what a load costs, for
// each byte that it holds. The least valuable leaves, and what its value was
// becomes the floor on which newcomers start, so that who was valuable once does
// not stay for ever.
//
// L. Cherkasova, "Improving WWW proxies performance with greedy-dual-size-
// frequency caching policy", HP Laboratories report HPL-98-69R1, 1998.
type gdsf struct {
	heap     []valued // a binary heap, least value first; State is the index
	floor    float64  // the paper's clock L
	scratch  []int    // of Victims
	replaced replacements
}

type valued struct {
	value float64
	uses  uint32
	entry *Entry
}

// NewGDSF returns a policy for values of unequal size and loading time: it keeps
// what is dearest to load again for each byte held. Operations take time in the
// logarithm of the number of entries, each of which costs it 24 bytes. It admits
// every newcomer and remembers nobody. An entry whose load was not measured
// counts as loaded in a microsecond.
func NewGDSF() Policy { return new(gdsf) }

func (p *gdsf) Add(e *Entry) {
	uses := uint32(1)
	if known, ok := p.replaced.take(e.Hash); ok {
		uses = uint32(known) + 1
	}
	p.heap = append(p.heap, valued{uses: uses, entry: e})
	i := len(p.heap) - 1
	p.heap[i].value = p.value(e, uses)
	e.State = uint64(i)
	p.up(i)
}

func (p *gdsf) Use(entries []*Entry) {
	for _, e := range entries {
		i := int(e.State)
		v := &p.heap[i]
		v.uses++
		v.value = p.value(e, v.uses)
		p.down(i)
	}
}

func (p *gdsf) Remove(e *Entry, why Reason) {
	i, last := int(e.State), len(p.heap)-1
	switch why {
	case Evicted:
		p.floor = max(p.floor, p.heap[i].value)
	case Replaced:
		p.replaced.put(e.Hash, uint64(p.heap[i].uses))
	}
	p.swap(i, last)
	p.heap[last] = valued{}
	p.heap = p.heap[:last]
	if i < last {
		p.down(i)
		p.up(i)
	}
	e.State = 0
}

func (p *gdsf) Resize(int64) {}

// Victims walks down from the root of the heap: the next in order is always a
// child of one that was nominated before, or the root.
func (p *gdsf) Victims(victims []*Entry, _ *Entry, need int64) ([]*Entry, bool) {
	if len(p.heap) == 0 {
		return victims, true
	}
	open := append(p.scratch[:0], 0) // a heap of indices into the heap
	for len(open) > 0 {
		i := open[0]
		open = p.popOpen(open)
		e := p.heap[i].entry
		victims = append(victims, e)
		if need -= e.Size; need <= 0 {
			break
		}
		for child := 2*i + 1; child <= 2*i+2 && child < len(p.heap); child++ {
			open = p.pushOpen(open, child)
		}
	}
	p.scratch = open[:0]
	return victims, true
}

func (p *gdsf) Ordered() bool { return true }

// value is the paper's key of an entry: floor + uses * cost / size.
func (p *gdsf) value(e *Entry, uses uint32) float64 {
	gain := float64(float64(uses)*float64(max(e.Cost, 1))) / float64(e.Size)
	return p.floor + gain
}

func (p *gdsf) swap(i, j int) {
	p.heap[i], p.heap[j] = p.heap[j], p.heap[i]
	p.heap[i].entry.State, p.heap[j].entry.State = uint64(i), uint64(j)
}

func (p *gdsf) less(i, j int) bool { return p.heap[i].value < p.heap[j].value }

func (p *gdsf) up(i int) {
	for i > 0 && p.less(i, (i-1)/2) {
		p.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (p *gdsf) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(p.heap); child++ {
			if p.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		p.swap(i, least)
		i = least
	}
}

func (p *gdsf) pushOpen(open []int, at int) []int {
	open = append(open, at)
	for i := len(open) - 1; i > 0 && p.less(open[i], open[(i-1)/2]); i = (i - 1) / 2 {
		open[i], open[(i-1)/2] = open[(i-1)/2], open[i]
	}
	return open
}

func (p *gdsf) popOpen(open []int) []int {
	last := len(open) - 1
	open[0] = open[last]
	open = open[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if p.less(open[child], open[least]) {
				least = child
			}
		}
		if least == i {
			return open
		}
		open[i], open[least] = open[least], open[i]
		i = least
	}
}
