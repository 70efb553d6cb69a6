package policy

// sieve keeps the order in which the entries came and lets a hand walk from the
// oldest to the newest: it clears marks and evicts what has none. Unlike CLOCK
// it leaves what it spares where it is, so that newcomers are sifted quickly.
//
// Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson, K. V. Rashmi, "SIEVE is simpler than
// LRU: an efficient turn-key eviction algorithm for web caches", NSDI 2024.
type sieve struct {
	queue    list   // front: came last
	hand     *Entry // where the search begins; nil: at the back
	round    uint64 // counts calls of Victims; State is the round that nominated the entry
	replaced replacements
}

// NewSIEVE returns a policy for skewed popularity that costs a hit nothing but
// its mark. It admits every newcomer; the new entry of a replaced key comes
// marked. It is not scan resistant and no match for loops.
func NewSIEVE() Policy { return newSIEVE() }

func newSIEVE() *sieve {
	p := new(sieve)
	p.queue.init()
	return p
}

func (p *sieve) Add(e *Entry) {
	if _, ok := p.replaced.take(e.Hash); ok {
		e.Hit()
	}
	e.State = 0
	p.queue.pushFront(e)
}

func (p *sieve) Use([]*Entry) {}

func (p *sieve) Remove(e *Entry, why Reason) {
	if p.hand == e {
		p.hand = p.queue.before(e)
	}
	p.queue.remove(e)
	e.State = 0
	if why == Replaced {
		p.replaced.put(e.Hash, 0)
	}
}

func (p *sieve) Resize(int64) {}

func (p *sieve) Victims(victims []*Entry, _ *Entry, need int64) ([]*Entry, bool) {
	p.round++
	var first *Entry
	left := p.queue.n  // entries that may still be nominated
	spare := p.queue.n // hits go on meanwhile: marks that still count
	for e := p.hand; left > 0; e = p.queue.before(e) {
		if e == nil {
			e = p.queue.back()
		}
		switch {
		case e.State == p.round: // nominated before the hand came round
		case e.Mark() > 0 && spare > 0:
			spare--
			e.SetMark(0)
		default:
			e.State = p.round
			victims = append(victims, e)
			left--
			if first == nil {
				first = e
			}
			need -= e.Size
		}
		if need <= 0 && first != nil {
			break
		}
	}
	p.hand = first // the nomination may be dropped: nobody is passed over
	return victims, true
}

func (p *sieve) Ordered() bool { return false }

// coldest returns the entry that would leave next if no mark counted and the
// hand began anew.
func (p *sieve) coldest() *Entry { return p.queue.back() }
