package policy

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
)

// A Planner is a policy that wants to know which keys come next.
type Planner interface {
	Policy

	// Expect tells the hashes of the keys that will be asked for from now on, in
	// their order; what was expected before is forgotten. It is called as the
	// methods of [Policy] are. The policy keeps the slice.
	Expect(hashes []uint64)
}

// planned evicts the entry that the plan asks for last.
type planned struct {
	base   Policy // holds the entries while there is no plan
	leads  bool   // there is one
	room   int64
	held   furthest          // heap: who leaves first is on top
	byHash map[uint64]*Entry // entries in held
	uses   uint64            // counts Add and Use

	plan  []uint64       // hashes
	after []int32        // of each position: the next one of the same hash, -1 if there is none
	first map[uint64]int // of each hash: its first position that was not asked for yet
	now   int            // all that lies before it in the plan was asked for
	clock float64        // where in the plan the requests are
	slack float64        // how far now is behind the clock
}

// Requests may be minSlack positions out of the order of the plan, as those of several
// goroutines are, or an eighth of a longer plan, before one that did not come is taken for done. The clock
// moves by one with each request, and by a small part of what it seems to be wrong: a request that comes
// too late is taken for the next one of its key, which may be far ahead.
const (
	minSlack = 64
	slackOf  = 8
	inertia  = 64
)

// never is the position of what the plan does not ask for.
const never = math.MaxInt

// NewPlanned returns the policy of who knows the future: it evicts, and refuses, what is asked
// for again furthest from now (L. A. Belady, "A study of replacement algorithms
// for a virtual-storage computer", IBM Systems Journal 5(2), 1966), as far as it is
// told by [Planner.Expect]. On equal sizes no policy hits more. What the plan does not ask for leaves
// first, the least recently used before others. Without a plan, and after an empty one, it is
// [NewClockLIRS].
//
// Requests may come somewhat out of order, and some may not be told: what did not come when the plan is
// 64 positions, or an eighth of its length, further counts as done. A plan takes some 12 bytes for each
// position and 50 for each key.
func NewPlanned() Policy { return &planned{base: NewClockLIRS()} }

func (p *planned) Expect(hashes []uint64) {
	if len(hashes) == 0 {
		p.forget()
		return
	}
	if !p.leads {
		p.lead()
	}
	p.plan, p.now, p.clock, p.slack = hashes, 0, 0, float64(max(minSlack, len(hashes)/slackOf))
	p.after = make([]int32, len(hashes))
	p.first = make(map[uint64]int)
	for i := len(hashes) - 1; i >= 0; i-- {
		p.after[i] = -1
		if next, ok := p.first[hashes[i]]; ok {
			p.after[i] = int32(next)
		}
		p.first[hashes[i]] = i
	}
	for i := range p.held {
		p.held[i].next = p.next(p.held[i].entry.Hash)
	}
	heap.Init(&p.held)
}

// lead takes the entries from the base.
func (p *planned) lead() {
	p.leads, p.byHash = true, make(map[uint64]*Entry)
	entries, _ := p.base.Victims(nil, nil, math.MaxInt64) // who leaves first comes first
	for _, e := range entries {
		p.base.Remove(e, Deleted)
		p.Add(e)
	}
}

// forget gives the entries back to the base, the one used last at the end.
func (p *planned) forget() {
	held := p.held
	*p = planned{base: p.base, room: p.room}
	slices.SortFunc(held, func(a, b holding) int { return cmp.Compare(a.used, b.used) })
	p.base.Resize(p.room)
	for _, h := range held {
		p.base.Add(h.entry)
	}
}

// next returns the position at which a hash is asked for next.
func (p *planned) next(hash uint64) int {
	if at, ok := p.first[hash]; ok {
		return at
	}
	return never
}

// afterNext returns the position at which a hash is asked for once more after that.
func (p *planned) afterNext(hash uint64) int {
	if at, ok := p.first[hash]; ok && p.after[at] >= 0 {
		return int(p.after[at])
	}
	return never
}

// asked notes that a hash was asked for.
func (p *planned) asked(hash uint64) {
	at, ok := p.first[hash]
	if !ok {
		return
	}
	p.pass(hash, at)
	p.clock += 1 + (float64(at)-p.clock)/inertia
	for ; float64(p.now) <= p.clock-p.slack && p.now < len(p.plan); p.now++ {
		if late := p.plan[p.now]; p.next(late) == p.now {
			p.pass(late, p.now)
			if e := p.byHash[late]; e != nil {
				p.held[e.State].next = p.next(late)
				heap.Fix(&p.held, int(e.State))
			}
		}
	}
}

// pass takes the first position of a hash off the plan.
func (p *planned) pass(hash uint64, at int) {
	if next := p.after[at]; next >= 0 {
		p.first[hash] = int(next)
		return
	}
	delete(p.first, hash)
}

func (p *planned) Add(e *Entry) {
	if !p.leads {
		p.base.Add(e)
		return
	}
	p.asked(e.Hash)
	p.uses++
	p.byHash[e.Hash] = e
	heap.Push(&p.held, holding{e, p.next(e.Hash), p.uses})
}

func (p *planned) Use(entries []*Entry) {
	if !p.leads {
		return // the base sees the marks
	}
	for _, e := range entries {
		p.asked(e.Hash)
		p.uses++
		p.held[e.State].next, p.held[e.State].used = p.next(e.Hash), p.uses
		heap.Fix(&p.held, int(e.State))
	}
}

func (p *planned) Remove(e *Entry, why Reason) {
	if !p.leads {
		p.base.Remove(e, why)
		return
	}
	heap.Remove(&p.held, int(e.State))
	if p.byHash[e.Hash] == e {
		delete(p.byHash, e.Hash)
	}
}

func (p *planned) Resize(capacity int64) {
	p.room = capacity
	if !p.leads {
		p.base.Resize(capacity)
	}
}

func (p *planned) Ordered() bool { return true }

func (p *planned) Victims(victims []*Entry, newcomer *Entry, need int64) (nominated []*Entry, admit bool) {
	if !p.leads {
		return p.base.Victims(victims, newcomer, need)
	}
	coming := holding{newcomer, never, math.MaxUint64}
	if newcomer != nil {
		coming.next = p.afterNext(newcomer.Hash) // this time is now
	}
	var out []holding
	admit = true
	for len(p.held) > 0 && (need > 0 || len(out) == 0) {
		if newcomer != nil && coming.leavesBefore(p.held[0]) {
			admit = false
			break
		}
		h := heap.Pop(&p.held).(holding)
		need -= h.entry.Size
		out = append(out, h)
	}
	for _, h := range out {
		heap.Push(&p.held, h)
		if admit {
			victims = append(victims, h.entry)
		}
	}
	if !admit {
		p.asked(newcomer.Hash)
	}
	return victims, admit
}

// A holding is what planned knows of an entry.
type holding struct {
	entry *Entry
	next  int    // position in the plan
	used  uint64 // when
}

func (h holding) leavesBefore(other holding) bool {
	if h.next != other.next {
		return h.next > other.next
	}
	return h.used < other.used
}

// furthest is a heap with the entry that leaves first on top. State of an entry is its
// place.
type furthest []holding

func (h furthest) Len() int           { return len(h) }
func (h furthest) Less(i, j int) bool { return h[i].leavesBefore(h[j]) }

func (h furthest) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].entry.State, h[j].entry.State = uint64(i), uint64(j)
}

func (h *furthest) Push(x any) {
	held := x.(holding)
	held.entry.State = uint64(len(*h))
	*h = append(*h, held)
}

func (h *furthest) Pop() any {
	last := len(*h) - 1
	held := (*h)[last]
	(*h)[last] = holding{}
	*h = (*h)[:last]
	return held
}
