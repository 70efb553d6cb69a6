package policy

// clock is a queue in which a marked entry that reaches the end begins anew.
//
// F. J. Corbató, "A paging experiment with the Multics system", MIT Project MAC
// Report MAC-M-384, 1968. The ring and its hand are a queue here: what the hand
// passes goes to the front.
type clock struct {
	queue    list // front: came, or was passed by the hand, last
	replaced replacements
}

// NewCLOCK returns a policy that evicts the oldest entry without a mark and
// clears the marks it meets on the way: LRU as nearly as marks allow. It admits
// every newcomer. The new entry of a replaced key comes marked.
func NewCLOCK() Policy { return newCLOCK() }

func newCLOCK() *clock {
	p := new(clock)
	p.queue.init()
	return p
}

func (p *clock) Add(e *Entry) {
	if _, ok := p.replaced.take(e.Hash); ok {
		e.Hit()
	}
	p.queue.pushFront(e)
}

func (p *clock) Use([]*Entry) {}

func (p *clock) Remove(e *Entry, why Reason) {
	p.queue.remove(e)
	if why == Replaced {
		p.replaced.put(e.Hash, 0)
	}
}

func (p *clock) Resize(int64) {}

func (p *clock) Victims(victims []*Entry, _ *Entry, need int64) ([]*Entry, bool) {
	// Hits go on meanwhile and could keep the hand turning: each entry is
	// spared once.
	spare := p.queue.n
	for e := p.queue.back(); e != nil; {
		ahead := p.queue.before(e)
		if e.Mark() > 0 && spare > 0 {
			spare--
			e.SetMark(0)
			if ahead == nil { // it is alone before the nominated, and met again
				continue
			}
			p.queue.moveToFront(e)
		} else {
			victims = append(victims, e)
			if need -= e.Size; need <= 0 {
				break
			}
		}
		e = ahead
	}
	return victims, true
}

func (p *clock) Ordered() bool { return false }

// coldest returns the entry that would leave next if no mark counted.
func (p *clock) coldest() *Entry { return p.queue.back() }
