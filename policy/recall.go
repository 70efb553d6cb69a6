package policy

// A recall remembers hashes with a time each, in about 11 bytes, for a limited
// number of them: a full bucket forgets its oldest. A look-up is mistaken once in
// five hundred million times.
//
// A hash chooses a bucket; the bucket's slots hold 32 bits of it and 32 of the
// time, so times may lie 2^32 apart.
type recall struct {
	slots []uint64 // buckets of recallWays: print<<32 | time, 0: empty
}

const recallWays = 8

// put remembers hash with this time. The table has room for about limit hashes;
// if limit outgrows it, it grows, and if limit shrinks to a fraction, it begins
// anew.
func (r *recall) put(hash, time uint64, limit int) {
	if want := limit + limit/3; want > len(r.slots) || want < len(r.slots)/4 {
		r.resize(want + want/4)
	}
	r.insert(uint32(hash), uint32(time))
}

func (r *recall) insert(print, time uint32) {
	bucket := r.bucket(print)
	oldest := 0
	for i, slot := range bucket {
		if slot == 0 || uint32(slot>>32) == print {
			oldest = i
			break
		}
		if time-uint32(slot) > time-uint32(bucket[oldest]) {
			oldest = i
		}
	}
	bucket[oldest] = uint64(print)<<32 | uint64(time)
}

// resize moves what is remembered to a table of at least so many slots.
func (r *recall) resize(slots int) {
	before := r.slots
	r.slots = make([]uint64, (slots/recallWays+1)*recallWays)
	if len(r.slots) < len(before) {
		return
	}
	for _, slot := range before {
		if slot != 0 {
			r.insert(uint32(slot>>32), uint32(slot))
		}
	}
}

// find returns the time that hash was put with, as seen from now.
func (r *recall) find(hash, now uint64) (time uint64, ok bool) {
	if len(r.slots) == 0 {
		return 0, false
	}
	for _, slot := range r.bucket(uint32(hash)) {
		if slot != 0 && uint32(slot>>32) == uint32(hash) {
			return now - uint64(uint32(now)-uint32(slot)), true
		}
	}
	return 0, false
}

// drop forgets hash.
func (r *recall) drop(hash uint64) {
	if len(r.slots) == 0 {
		return
	}
	bucket := r.bucket(uint32(hash))
	for i, slot := range bucket {
		if slot != 0 && uint32(slot>>32) == uint32(hash) {
			bucket[i] = 0
		}
	}
}

func (r *recall) bucket(print uint32) []uint64 {
	buckets := uint64(len(r.slots) / recallWays)
	first := uint64(print) * buckets >> 32 * recallWays
	return r.slots[first : first+recallWays]
}
