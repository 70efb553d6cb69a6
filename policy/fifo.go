package policy

// fifo evicts in the order in which the entries came.
type fifo struct {
	queue list // front: came last
}

// NewFIFO returns a policy that evicts the entry that came first, hit or not. It
// admits every newcomer; the new entry of a replaced key comes anew. It needs
// nothing but a queue and is the measure for what a cleverer policy gains.
func NewFIFO() Policy {
	p := new(fifo)
	p.queue.init()
	return p
}

func (p *fifo) Add(e *Entry) { p.queue.pushFront(e) }

func (p *fifo) Use([]*Entry) {}

func (p *fifo) Remove(e *Entry, _ Reason) { p.queue.remove(e) }

func (p *fifo) Resize(int64) {}

func (p *fifo) Victims(victims []*Entry, _ *Entry, need int64) ([]*Entry, bool) {
	return p.queue.nominate(victims, need), true
}

func (p *fifo) Ordered() bool { return false }
