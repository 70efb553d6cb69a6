package policy

// ghosts remembers hashes for a limited number of additions in about 6 bytes
// each, at the price of being slightly forgetful (a full bucket drops its oldest
// early) and, in one look-up of 8,000, mistaken.
//
// A hash chooses a bucket; the bucket's slots hold 16 other bits of it and the
// time of its addition.
type ghosts struct {
	slots []uint32 // buckets of ghostWays: fingerprint<<16 | epoch, 0: empty
	limit int      // additions after which a hash is forgotten
	grain int      // additions an epoch
	added int      // in this epoch
	epoch uint16   // now
	swept int      // the bucket that is rid of forgotten hashes next
}

const (
	ghostWays   = 8
	ghostEpochs = 1 << 12 // at most so many epochs make up limit
)

// add remembers hash, and from now on forgets what was added limit additions
// ago. If limit has outgrown the table or shrunk to a fraction of it, the table
// begins anew and empty.
func (g *ghosts) add(hash uint64, limit int) {
	if want := limit + limit/4; want > len(g.slots) || want < len(g.slots)/4 {
		buckets := (limit + limit/3 + 2*ghostWays - 1) / ghostWays
		*g = ghosts{slots: make([]uint32, buckets*ghostWays), epoch: 1}
	}
	g.limit = limit
	g.grain = limit/ghostEpochs + 1
	if g.added++; g.added >= g.grain {
		g.added = 0
		g.epoch++
	}
	g.sweep()

	bucket, print := g.find(hash)
	oldest := 0
	for i, slot := range bucket {
		if slot != 0 && uint16(slot>>16) == print { // it is in: once is enough
			oldest = i
			break
		}
		if g.age(slot) > g.age(bucket[oldest]) {
			oldest = i
		}
	}
	bucket[oldest] = uint32(print)<<16 | uint32(g.epoch)
}

// age returns how many epochs ago a slot was written; an empty one is older than all others.
func (g *ghosts) age(slot uint32) int {
	if slot == 0 {
		return 1 << 16
	}
	return int(g.epoch - uint16(slot))
}

// take forgets hash and reports whether it was remembered.
func (g *ghosts) take(hash uint64) bool {
	if len(g.slots) == 0 {
		return false
	}
	bucket, print := g.find(hash)
	for i, slot := range bucket {
		if slot != 0 && uint16(slot>>16) == print {
			bucket[i] = 0
			return g.remembered(slot)
		}
	}
	return false
}

// find returns the bucket of hash and its fingerprint, which is not zero.
func (g *ghosts) find(hash uint64) (bucket []uint32, print uint16) {
	buckets := uint64(len(g.slots) / ghostWays)
	first := (hash >> 32) * buckets >> 32 * ghostWays
	return g.slots[first : first+ghostWays], max(uint16(hash>>16), 1)
}

func (g *ghosts) remembered(slot uint32) bool {
	return g.age(slot) <= g.limit/g.grain
}

// sweep empties the forgotten slots of the next bucket, so that none gets so old
// that its epoch comes round again.
func (g *ghosts) sweep() {
	first := g.swept * ghostWays
	for i, slot := range g.slots[first : first+ghostWays] {
		if slot != 0 && !g.remembered(slot) {
			g.slots[first+i] = 0
		}
	}
	g.swept = (g.swept + 1) % (len(g.slots) / ghostWays)
}
