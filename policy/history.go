package policy

// A history is a queue of entries that left. Anyone can be taken out by hash.
//
// It is a ring with a map to the places in it; whoever is taken out leaves a gap
// that disappears when it gets old or the ring is full.
type history struct {
	ring        []departed
	oldest, end uint64 // places; place i is in ring[i&(len(ring)-1)]
	places      map[uint64]uint64
	bytes       int64
}

type departed struct {
	hash uint64
	size int64 // 0: a gap
}

func (h *history) len() int { return len(h.places) }

// add appends the newest. If its hash is in already, the older is taken out.
func (h *history) add(d departed) {
	h.take(d.hash)
	if h.end-h.oldest == uint64(len(h.ring)) {
		h.makeRoom()
	}
	h.ring[h.end&uint64(len(h.ring)-1)] = d
	h.places[d.hash] = h.end
	h.end++
	h.bytes += d.size
}

// makeRoom closes the gaps, in a ring of twice the size if half is in use.
func (h *history) makeRoom() {
	size := max(len(h.ring), 16)
	if h.len() > size/2 {
		size *= 2
	}
	ring := make([]departed, 0, size)
	for i := h.oldest; i < h.end; i++ {
		if d := h.ring[i&uint64(len(h.ring)-1)]; d.size > 0 {
			ring = append(ring, d)
		}
	}
	if h.places == nil {
		h.places = make(map[uint64]uint64)
	}
	for i, d := range ring {
		h.places[d.hash] = uint64(i)
	}
	h.oldest, h.end = 0, uint64(len(ring))
	h.ring = ring[:size]
}

// find returns the entry with this hash.
func (h *history) find(hash uint64) (departed, bool) {
	place, ok := h.places[hash]
	if !ok {
		return departed{}, false
	}
	return h.ring[place&uint64(len(h.ring)-1)], true
}

// take takes the entry with this hash out.
func (h *history) take(hash uint64) (departed, bool) {
	place, ok := h.places[hash]
	if !ok {
		return departed{}, false
	}
	slot := &h.ring[place&uint64(len(h.ring)-1)]
	d := *slot
	slot.size = 0
	delete(h.places, hash)
	h.bytes -= d.size
	return d, true
}

// first returns the oldest entry.
func (h *history) first() (departed, bool) {
	for h.oldest < h.end {
		if d := h.ring[h.oldest&uint64(len(h.ring)-1)]; d.size > 0 {
			return d, true
		}
		h.oldest++
	}
	return departed{}, false
}

// trim drops the oldest until at most so many bytes and entries are left.
func (h *history) trim(bytes int64, entries int) {
	for h.bytes > bytes || h.len() > entries {
		d, ok := h.first()
		if !ok {
			return
		}
		h.take(d.hash)
	}
}
