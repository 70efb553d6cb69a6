package policy

// NewRestless returns an adaptive policy that moves on to the next candidate all
// the time.
func NewRestless() Policy { return &restless{adaptive: NewAdaptive().(*adaptive)} }

type restless struct {
	*adaptive
	calls int
}

func (r *restless) Add(e *Entry) {
	r.adaptive.Add(e)
	if r.calls++; r.calls%5 == 0 && r.old == nil {
		r.leader = (r.leader + 1) % len(candidates)
		r.follow(candidates[r.leader]())
	}
}

// SampleShift returns by how many bits the sample of an adaptive policy is
// smaller than the whole, and how many keys and entries its miniatures have.
func SampleShift(p Policy) (shift uint, keys, entries int) {
	m := &p.(*adaptive).minis
	for _, s := range m.shadows {
		for i := range s.in {
			if s.in[i].Prev != nil {
				entries++
			}
		}
	}
	return m.shift, len(m.shadows), entries
}

// MiniatureBytes returns the most bytes that a miniature of an adaptive policy
// accounts for, and whether each accounts for what it holds.
func MiniatureBytes(p Policy) (most int64, exact bool) {
	m := &p.(*adaptive).minis
	exact = true
	for i := range m.caches {
		sum := int64(0)
		for _, s := range m.shadows {
			if s.in[i].Prev != nil {
				sum += s.in[i].Size
			}
		}
		exact = exact && sum == m.caches[i].bytes
		most = max(most, sum)
	}
	return most, exact
}
