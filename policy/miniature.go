package policy

import "math"

// miniatures are small caches without values, one for each candidate of the
// adaptive policy. They see the requests for the keys whose hash has zeroes in
// the last bits, as many bits as are needed to keep the sample small.
type miniatures struct {
	caches   []miniature
	shadows  map[uint64]*shadow // by hash
	free     []*shadow
	shift    uint    // bits of the hash that must be zero
	capacity int64   // of the whole cache, in bytes
	growth   float64 // each request counts so many times what the one before did
	weight   float64 // what the next request counts
	asked    float64 // weighted bytes requested
	squares  float64 // weighted sum of the squares of these requests' bytes
	full     bool    // someone had to leave: before, all hit the same
}

// A miniature is the cache of one candidate.
type miniature struct {
	policy  Policy
	bytes   int64
	hit     float64 // weighted bytes hit
	victims []*Entry
}

// A shadow stands for a key in the miniatures, in each with an entry of its own.
type shadow struct {
	in [numCandidates]Entry // in the list of a policy, or Prev is nil
}

const (
	numCandidates = 5

	// sampleMax is how many entries of the cache the sample may have before it
	// is halved.
	sampleMax = 2048

	// miniatureMemory is for how many requests for each entry of the sample a
	// hit counts. Another takes over who is better than the leader by a share of
	// the leader's misses, miniatureLead, and by what may be chance besides:
	// miniatureDoubt standard deviations of their sum. Measured over the
	// public traces and synthetic streams with 8 to 64, 0.005 to 0.04, and 0 to
	// 1.5, the mean distance to the optimum differs by less than 0.1 points; but
	// with a short memory or a small lead needless moves cost up to two points
	// on short traces, and with a large lead late ones do on long traces.
	miniatureMemory = 32
	miniatureLead   = 0.01
	miniatureDoubt  = 1
)

func (m *miniatures) init() {
	m.shadows = make(map[uint64]*shadow)
	m.weight = 1
	m.caches = make([]miniature, len(candidates))
	for i, make := range candidates {
		m.caches[i].policy = make()
	}
	m.fit(0)
}

// mask returns the bits that are zero in the hashes of the sample.
func (m *miniatures) mask() uint64 { return 1<<m.shift - 1 }

// fit adjusts the sample to the number of entries in the cache.
func (m *miniatures) fit(n int) {
	switch sample := n >> m.shift; {
	case sample > sampleMax:
		m.shift++
		for hash := range m.shadows { // in whatever order: the outcome is the same
			if hash&m.mask() != 0 {
				m.forget(hash)
			}
		}
		m.resize(m.capacity)
	case sample < sampleMax/4 && m.shift > 0:
		m.shift--
		m.resize(m.capacity)
	}
	m.growth = 1 + 1/float64(miniatureMemory*(n>>m.shift+1))
}

// resize makes them as large as a cache of so many bytes, less the shift.
func (m *miniatures) resize(capacity int64) {
	m.capacity = capacity
	for i := range m.caches {
		c := &m.caches[i]
		c.policy.Resize(capacity >> m.shift)
		if need := c.bytes - capacity>>m.shift; need > 0 {
			m.evict(c, nil, need)
		}
	}
}

// request asks each of them for the entry. Where it does not count, it is a use
// but no request: a value was set. None counts before one of them is full, since
// all hit the same until then.
func (m *miniatures) request(e *Entry, counts bool) {
	s := m.shadow(e.Hash)
	hits := 0.0
	if counts && m.full {
		hits = m.count(float64(e.Size))
	}
	for i := range m.caches {
		c, in := &m.caches[i], &s.in[i]
		if in.Prev != nil {
			c.hit += hits
			if in.Size == e.Size {
				in.Hit()
				continue
			}
			c.policy.Remove(in, Replaced)
			c.bytes -= in.Size
		}
		m.add(c, in, e)
	}
	m.release(e.Hash, s)
}

// count counts a request of so many bytes and returns their weight. That the weight
// grows makes what was counted before matter less and less, without a
// multiplication for each candidate.
func (m *miniatures) count(bytes float64) (weighted float64) {
	if m.weight *= m.growth; m.weight > maxWeight {
		m.asked /= m.weight
		m.squares /= m.weight
		for i := range m.caches {
			m.caches[i].hit /= m.weight
		}
		m.weight = 1
	}
	weighted = m.weight * bytes
	m.asked += weighted
	m.squares += float64(weighted * bytes)
	return weighted
}

// maxWeight is when the weights are scaled down, long before they overflow.
const maxWeight = 1e100

// add takes in, which is to be like e, into a cache, if it can.
func (m *miniatures) add(c *miniature, in, e *Entry) {
	if e.Size > m.capacity>>m.shift {
		return
	}
	in.Hash, in.Size, in.Cost, in.State = e.Hash, e.Size, e.Cost, 0
	in.SetMark(0)
	if need := c.bytes + in.Size - m.capacity>>m.shift; need > 0 && !m.evict(c, in, need) {
		return
	}
	c.bytes += in.Size
	c.policy.Add(in)
}

// evict makes room for a newcomer, unless it is refused.
func (m *miniatures) evict(c *miniature, newcomer *Entry, need int64) bool {
	victims, admit := c.policy.Victims(c.victims[:0], newcomer, need)
	c.victims = victims
	m.full = true
	if !admit {
		return false
	}
	for _, e := range victims {
		c.bytes -= e.Size
		c.policy.Remove(e, Evicted)
		m.release(e.Hash, m.shadows[e.Hash])
	}
	return true
}

// best returns the candidate that hit most bytes lately, or the leader if nobody
// is clearly better.
func (m *miniatures) best(leader int) int {
	best, hit := leader, m.caches[leader].hit
	hit += m.lead(m.asked - hit)
	for i := range m.caches {
		if m.caches[i].hit > hit {
			best, hit = i, m.caches[i].hit
		}
	}
	return best
}

// lead returns by how many bytes another must be better than a leader that
// missed so many: a share of them, and what may be chance.
func (m *miniatures) lead(missed float64) float64 {
	if m.asked == 0 {
		return 0
	}
	deviation := math.Sqrt(missed / m.asked * m.squares * m.weight)
	return float64(miniatureLead*missed) + float64(miniatureDoubt*deviation)
}

// forget deletes a hash from all of them.
func (m *miniatures) forget(hash uint64) {
	s, ok := m.shadows[hash]
	if !ok {
		return
	}
	for i := range m.caches {
		if in := &s.in[i]; in.Prev != nil {
			m.caches[i].bytes -= in.Size
			m.caches[i].policy.Remove(in, Deleted)
		}
	}
	m.release(hash, s)
}

// shadow returns the shadow of a hash, a new one if there is none.
func (m *miniatures) shadow(hash uint64) *shadow {
	s, ok := m.shadows[hash]
	if ok {
		return s
	}
	if last := len(m.free) - 1; last >= 0 {
		s, m.free = m.free[last], m.free[:last]
	} else {
		s = new(shadow)
	}
	m.shadows[hash] = s
	return s
}

// release frees the shadow of a hash that is in none of them.
func (m *miniatures) release(hash uint64, s *shadow) {
	for i := range m.caches {
		if s.in[i].Prev != nil {
			return
		}
	}
	delete(m.shadows, hash)
	m.free = append(m.free, s)
}
