package policy

// s3fifo has three queues: newcomers prove themselves in a small one, those hit
// more than once there move on to the main one, those that were not leave early
// and are remembered for a while; who comes back in that time enters the main
// queue at once.
//
// J. Yang, Y. Zhang, Z. Qiu, Y. Yue, K. V. Rashmi, "FIFO queues are all you need
// for cache eviction", SOSP 2023.
type s3fifo struct {
	small, main list  // front: came last
	target      int64 // bytes that the small queue holds: a tenth of the capacity
	ghosts      ghosts
	replaced    replacements
}

// NewS3FIFO returns a policy for skewed popularity that resists scans and costs
// a hit nothing but its mark. It admits every newcomer and remembers as many
// evicted hashes as entries are in the cache, in about 6 bytes each. On a loop
// larger than the cache it hits nothing.
func NewS3FIFO() Policy { return newS3FIFO() }

func newS3FIFO() *s3fifo {
	p := new(s3fifo)
	p.small.init()
	p.main.init()
	return p
}

// inMain is the State of an entry in the main queue.
const inMain = hot

func (p *s3fifo) Add(e *Entry) {
	known, back := p.replaced.take(e.Hash)
	if back {
		e.Hit()
	}
	if known == inMain || e.State == inMain || p.ghosts.take(e.Hash) {
		e.State = inMain
		p.main.pushFront(e)
		return
	}
	e.State = 0
	p.small.pushFront(e)
}

func (p *s3fifo) Use([]*Entry) {}

func (p *s3fifo) Remove(e *Entry, why Reason) {
	known := e.State
	if known == inMain {
		p.main.remove(e)
	} else {
		p.small.remove(e)
	}
	switch why {
	case Evicted:
		if known != inMain {
			p.ghosts.add(e.Hash, p.small.n+p.main.n+1)
		}
	case Replaced:
		p.replaced.put(e.Hash, known)
	}
	if why != Pinned {
		e.State = 0
	}
}

func (p *s3fifo) Resize(capacity int64) { p.target = capacity / 10 }

func (p *s3fifo) Victims(victims []*Entry, newcomer *Entry, need int64) ([]*Entry, bool) {
	s, m := p.small.back(), p.main.back() // what is behind them is nominated
	small := p.small.bytes
	spare := p.small.n + MaxMark*p.main.n // hits go on meanwhile: marks that still count
	for {
		var e *Entry
		switch {
		case s != nil && (small > p.target || m == nil):
			e, s = s, p.small.before(s)
			small -= e.Size
			if e.Mark() > 1 {
				p.small.remove(e)
				e.SetMark(0)
				e.State = inMain
				p.main.pushFront(e)
				if m == nil {
					m = e
				}
				continue
			}
		case m != nil:
			e, m = m, p.main.before(m)
			if mark := e.Mark(); mark > 0 && spare > 0 {
				spare--
				e.SetMark(mark - 1)
				p.main.moveToFront(e)
				if m == nil { // it is alone before the nominated, and met again
					m = e
				}
				continue
			}
		default:
			return victims, true
		}
		victims = append(victims, e)
		if need -= e.Size; need <= 0 {
			return victims, true
		}
	}
}

func (p *s3fifo) Ordered() bool { return false }

// coldest returns the entry that would leave next if no mark counted.
func (p *s3fifo) coldest() *Entry {
	if e := p.small.back(); e != nil {
		return e
	}
	return p.main.back()
}
