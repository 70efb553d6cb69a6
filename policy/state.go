package policy

// hot is what a policy leaves in the State of an entry that was pinned while it
// belonged to those that the policy protects: when the entry comes back, it
// belongs to them again. In the State of every other entry that comes it is not
// set, because a new entry's State is zero.
const hot = 1

// replacements remembers, from the Remove of a replaced entry to the Add of the
// new one, what the policy knew of it. The few that are under way at a time fit
// into a ring; if one is never followed by an Add it is overwritten, and if more
// are under way the oldest counts as new.
type replacements struct {
	ring  [8]replacement
	next  int
	count int
}

type replacement struct {
	hash  uint64
	known uint64
	valid bool
}

// put remembers what is known of the entry with this hash.
func (r *replacements) put(hash, known uint64) {
	slot := &r.ring[r.next]
	if !slot.valid {
		r.count++
	}
	*slot = replacement{hash, known, true}
	r.next = (r.next + 1) % len(r.ring)
}

// has reports whether something was put for this hash.
func (r *replacements) has(hash uint64) bool {
	if r.count == 0 {
		return false
	}
	for i := range r.ring {
		if slot := &r.ring[i]; slot.valid && slot.hash == hash {
			return true
		}
	}
	return false
}

// take returns what was put for this hash, once.
func (r *replacements) take(hash uint64) (known uint64, ok bool) {
	if r.count == 0 {
		return 0, false
	}
	for i := range r.ring {
		if slot := &r.ring[i]; slot.valid && slot.hash == hash {
			slot.valid = false
			r.count--
			return slot.known, true
		}
	}
	return 0, false
}
