package policy

import "slices"

// plainWTinyLFU has three rows. Its sketch is that of ours, which is tested by itself.
type plainWTinyLFU struct {
	window, probation, protected row
	seen                         sketch
	capacity                     int64
	share, step, ratio           float64
	hits, all                    int
	pinned                       map[*Entry]bool // from the protected
	replaced                     map[uint64]*row
}

func newPlainWTinyLFU() *plainWTinyLFU {
	p := &plainWTinyLFU{share: 0.01, step: 0.0625, pinned: make(map[*Entry]bool), replaced: make(map[uint64]*row)}
	p.seen.grow(1)
	return p
}

func (p *plainWTinyLFU) n() int           { return len(p.window) + len(p.probation) + len(p.protected) }
func (p *plainWTinyLFU) windowMax() int64 { return int64(float64(p.capacity) * p.share) }
func (p *plainWTinyLFU) Ordered() bool    { return true }

func (p *plainWTinyLFU) Resize(capacity int64) {
	p.capacity = capacity
	p.balance()
}

// balance makes window and protected keep to their shares.
func (p *plainWTinyLFU) balance() {
	for p.window.bytes() > p.windowMax() {
		p.probation.push(p.window[0])
		p.window = p.window[1:]
	}
	for p.protected.bytes() > int64(0.8*float64(p.capacity-p.windowMax())) {
		p.probation.push(p.protected[0])
		p.protected = p.protected[1:]
	}
}

// request counts a request, and moves the border of the window after ten for each entry.
func (p *plainWTinyLFU) request(hit bool) {
	p.all++
	if hit {
		p.hits++
	}
	if p.all < 10*p.n() {
		return
	}
	ratio := float64(p.hits) / float64(p.all)
	change := ratio - p.ratio
	p.hits, p.all, p.ratio = 0, 0, ratio
	if change < 0 {
		p.step = -p.step
	}
	p.share = min(0.8, max(0, p.share+p.step))
	switch {
	case change > -0.05 && change < 0.05:
		p.step *= 0.98
	case p.step < 0:
		p.step = -0.0625
	default:
		p.step = 0.0625
	}
}

func (p *plainWTinyLFU) Add(e *Entry) {
	p.seen.grow(p.n() + 1)
	p.seen.see(e.Hash)
	p.request(false)
	to := &p.window
	if e.Size > p.windowMax() {
		to = &p.probation
	}
	if from, ok := p.replaced[e.Hash]; ok && from != &p.window {
		to = from
	} else if !ok && p.pinned[e] {
		to = &p.protected
	}
	delete(p.replaced, e.Hash)
	delete(p.pinned, e)
	to.push(e)
	p.balance()
}

func (p *plainWTinyLFU) Use(entries []*Entry) {
	for _, e := range entries {
		p.seen.see(e.Hash)
		p.request(true)
		switch {
		case p.window.cut(e):
			p.window.push(e)
		case p.probation.cut(e) || p.protected.cut(e):
			p.protected.push(e)
		}
	}
	p.balance()
}

func (p *plainWTinyLFU) Remove(e *Entry, why Reason) {
	for _, r := range []*row{&p.window, &p.probation, &p.protected} {
		if !r.cut(e) {
			continue
		}
		switch why {
		case Replaced:
			p.replaced[e.Hash] = r
		case Pinned:
			p.pinned[e] = r == &p.protected
		}
	}
}

func (p *plainWTinyLFU) Victims(victims []*Entry, newcomer *Entry, need int64) ([]*Entry, bool) {
	everyone := slices.Concat(p.probation, p.protected, p.window)
	overflow := p.window.bytes() - p.windowMax()
	if newcomer != nil && newcomer.Size > p.windowMax() {
		would, theirs := everyone.upTo(need), 0
		for _, e := range would {
			theirs += p.seen.estimate(e.Hash)
		}
		if theirs > p.seen.estimate(newcomer.Hash) {
			p.seen.see(newcomer.Hash)
			return victims, false
		}
		return append(victims, would...), true
	}
	if newcomer != nil {
		overflow += newcomer.Size
	}
	window, main, wanted := slices.Clone(p.window), slices.Concat(p.probation, p.protected), need
	onProbation := len(p.probation) // of main
	var nominated row
	for len(window)+len(main) > 0 {
		from := &window
		switch {
		case len(window) == 0 || overflow <= 0 && len(main) > 0:
			from = &main
		case len(main) > 0 && p.seen.estimate(window[0].Hash) > p.seen.estimate(main[0].Hash):
			won := window[0]
			overflow -= won.Size
			window = window[1:]
			p.window.cut(won)
			p.probation.push(won)
			if onProbation > 0 { // it is the last there who may have to leave after all
				main = slices.Insert(main, onProbation, won)
				onProbation++
			}
			continue
		default:
			overflow -= window[0].Size
		}
		if from == &main {
			onProbation--
		}
		e := (*from)[0]
		*from = (*from)[1:]
		nominated.push(e)
		if need -= e.Size; need <= 0 {
			return append(victims, nominated...), true
		}
	}
	// Those that won are not nominated: begin anew, without a contest.
	return append(victims, slices.Concat(p.probation, p.protected, p.window).upTo(wanted)...), true
}
