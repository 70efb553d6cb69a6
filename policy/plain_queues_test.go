package policy

type plainFIFO struct{ queue row }

func (p *plainFIFO) Add(e *Entry)              { p.queue.push(e) }
func (p *plainFIFO) Use([]*Entry)              {}
func (p *plainFIFO) Remove(e *Entry, _ Reason) { p.queue.cut(e) }
func (p *plainFIFO) Resize(int64)              {}
func (p *plainFIFO) Ordered() bool             { return false }

func (p *plainFIFO) Victims(victims []*Entry, _ *Entry, need int64) ([]*Entry, bool) {
	return append(victims, p.queue.upTo(need)...), true
}

// plainLRU is plainFIFO in which who is used goes to the end.
type plainLRU struct{ plainFIFO }

func (p *plainLRU) Ordered() bool { return true }

func (p *plainLRU) Use(entries []*Entry) {
	for _, e := range entries {
		p.queue.cut(e)
		p.queue.push(e)
	}
}

// plainCLOCK is plainFIFO in which who is marked goes to the end instead of leaving, once for each entry.
type plainCLOCK struct {
	queue    row
	replaced map[uint64]bool
}

func newPlainCLOCK() *plainCLOCK { return &plainCLOCK{replaced: make(map[uint64]bool)} }

func (p *plainCLOCK) Add(e *Entry) {
	if p.replaced[e.Hash] {
		e.Hit()
	}
	delete(p.replaced, e.Hash)
	p.queue.push(e)
}

func (p *plainCLOCK) Remove(e *Entry, why Reason) {
	p.queue.cut(e)
	if why == Replaced {
		p.replaced[e.Hash] = true
	}
}

func (p *plainCLOCK) Use([]*Entry)    {}
func (p *plainCLOCK) Resize(int64)    {}
func (p *plainCLOCK) Ordered() bool   { return false }
func (p *plainCLOCK) coldest() *Entry { return p.queue.first() }

func (p *plainCLOCK) Victims(victims []*Entry, _ *Entry, need int64) ([]*Entry, bool) {
	var nominated row
	rest, spare := append(row(nil), p.queue...), len(p.queue)
	for len(rest) > 0 {
		e := rest[0]
		rest = rest[1:]
		if e.Mark() > 0 && spare > 0 {
			spare--
			e.SetMark(0)
			rest = append(rest, e)
			continue
		}
		nominated = append(nominated, e)
		if need -= e.Size; need <= 0 {
			break
		}
	}
	p.queue = append(append(row(nil), nominated...), rest...)
	return append(victims, nominated...), true
}

// plainSIEVE has a hand that goes from the oldest to the newest and round again, and stays before the first
// that it nominated.
type plainSIEVE struct {
	queue    row
	hand     *Entry // nil: at the oldest
	replaced map[uint64]bool
}

func newPlainSIEVE() *plainSIEVE { return &plainSIEVE{replaced: make(map[uint64]bool)} }

func (p *plainSIEVE) Add(e *Entry) {
	if p.replaced[e.Hash] {
		e.Hit()
	}
	delete(p.replaced, e.Hash)
	p.queue.push(e)
}

func (p *plainSIEVE) at(e *Entry) int {
	for i, o := range p.queue {
		if o == e {
			return i
		}
	}
	return 0
}

func (p *plainSIEVE) Remove(e *Entry, why Reason) {
	if i := p.at(e); p.hand == e {
		p.hand = nil
		if i+1 < len(p.queue) {
			p.hand = p.queue[i+1]
		}
	}
	p.queue.cut(e)
	if why == Replaced {
		p.replaced[e.Hash] = true
	}
}

func (p *plainSIEVE) Use([]*Entry)    {}
func (p *plainSIEVE) Resize(int64)    {}
func (p *plainSIEVE) Ordered() bool   { return false }
func (p *plainSIEVE) coldest() *Entry { return p.queue.first() }

func (p *plainSIEVE) Victims(victims []*Entry, _ *Entry, need int64) ([]*Entry, bool) {
	given, nominated, spare := len(victims), make(map[*Entry]bool), len(p.queue)
	for i := p.at(p.hand); len(nominated) < len(p.queue) && (need > 0 || len(nominated) == 0); i = (i + 1) % len(p.queue) {
		switch e := p.queue[i]; {
		case nominated[e]:
		case e.Mark() > 0 && spare > 0:
			spare--
			e.SetMark(0)
		default:
			nominated[e] = true
			victims = append(victims, e)
			need -= e.Size
		}
	}
	p.hand = nil
	if len(victims) > given {
		p.hand = victims[given]
	}
	return victims, true
}

// plainS3FIFO is the paper's Algorithm 1, with the memory of those who left that ours has: it is tested by itself.
type plainS3FIFO struct {
	small, main row
	target      int64
	ghosts      ghosts
	pinned      map[*Entry]bool   // from the main queue
	replaced    map[uint64]string // the queue
}

func newPlainS3FIFO() *plainS3FIFO {
	return &plainS3FIFO{pinned: make(map[*Entry]bool), replaced: make(map[uint64]string)}
}

func (p *plainS3FIFO) Add(e *Entry) {
	from := p.replaced[e.Hash]
	if from != "" {
		e.Hit()
	}
	if from == "main" || p.pinned[e] || p.ghosts.take(e.Hash) {
		p.main.push(e)
	} else {
		p.small.push(e)
	}
	delete(p.replaced, e.Hash)
	delete(p.pinned, e)
}

func (p *plainS3FIFO) Remove(e *Entry, why Reason) {
	queue := "small"
	if !p.small.cut(e) {
		p.main.cut(e)
		queue = "main"
	}
	switch why {
	case Evicted:
		if queue == "small" {
			p.ghosts.add(e.Hash, len(p.small)+len(p.main)+1)
		}
	case Replaced:
		p.replaced[e.Hash] = queue
	case Pinned:
		p.pinned[e] = queue == "main"
	}
}

func (p *plainS3FIFO) Use([]*Entry)          {}
func (p *plainS3FIFO) Resize(capacity int64) { p.target = capacity / 10 }
func (p *plainS3FIFO) Ordered() bool         { return false }

func (p *plainS3FIFO) coldest() *Entry {
	if len(p.small) > 0 {
		return p.small[0]
	}
	return p.main.first()
}

func (p *plainS3FIFO) Victims(victims []*Entry, _ *Entry, need int64) ([]*Entry, bool) {
	small, main := append(row(nil), p.small...), append(row(nil), p.main...)
	var fromSmall, fromMain row
	spare := len(small) + MaxMark*len(main)
	for first := true; len(small)+len(main) > 0 && (first || need > 0); {
		if len(small) > 0 && (small.bytes() > p.target || len(main) == 0) {
			e := small[0]
			small = small[1:]
			if e.Mark() > 1 {
				e.SetMark(0)
				main.push(e)
				continue
			}
			fromSmall.push(e)
			victims = append(victims, e)
			need -= e.Size
		} else {
			e := main[0]
			main = main[1:]
			if e.Mark() > 0 && spare > 0 {
				spare--
				e.SetMark(e.Mark() - 1)
				main.push(e)
				continue
			}
			fromMain.push(e)
			victims = append(victims, e)
			need -= e.Size
		}
		first = false
	}
	p.small, p.main = append(fromSmall, small...), append(fromMain, main...)
	return victims, true
}
