package policy

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// plain has for every policy the same algorithm in slices and maps: as slow as it likes, and short
// enough to be compared with the paper by eye. The names in it are those of ByName.
var plain = map[string]func() Policy{
	"arc":       func() Policy { return newPlainARC() },
	"clock":     func() Policy { return newPlainCLOCK() },
	"clocklirs": func() Policy { return newPlainLIRS(true) },
	"fifo":      func() Policy { return &plainFIFO{} },
	"gdsf":      func() Policy { return newPlainGDSF() },
	"lirs":      func() Policy { return newPlainLIRS(false) },
	"lru":       func() Policy { return &plainLRU{} },
	"s3fifo":    func() Policy { return newPlainS3FIFO() },
	"sieve":     func() Policy { return newPlainSIEVE() },
	"wtinylfu":  func() Policy { return newPlainWTinyLFU() },
}

// TestOperations has each policy and its plain twin do the same: requests, entries of all sizes, replaced ones,
// deletions, pins, nominations that are dropped, and other capacities. They must name the same victims in the
// same order, refuse the same newcomers, and leave the same marks.
func TestOperations(t *testing.T) {
	sequences := uint64(300)
	if testing.Short() {
		sequences = 100
	}
	for _, name := range slices.Sorted(maps.Keys(plain)) {
		t.Run(name, func(t *testing.T) {
			for seed := range sequences {
				ours, err := ByName(name)
				if err != nil {
					t.Fatal(err)
				}
				p := newPair(ours, plain[name](), rand.New(rand.NewPCG(seed, 5)))
				for step := range 400 {
					if err := p.operate(); err != nil {
						t.Fatalf("sequence %d, step %d: %v", seed, step, err)
					}
				}
			}
		})
	}
}

// A pair is a policy and its plain twin, each with entries of its own.
type pair struct {
	ours, plain Policy
	r           *rand.Rand
	keys        int
	largest     int64 // size of an entry
	capacity    int64
	used        int64
	in, pinned  map[int]twin // by key
}

type twin struct{ ours, plain *Entry }

func newPair(ours, plain Policy, r *rand.Rand) *pair {
	p := &pair{
		ours: ours, plain: plain, r: r, in: make(map[int]twin), pinned: make(map[int]twin),
		keys: 2 + r.IntN(70), capacity: 1 + r.Int64N(300), largest: 1,
	}
	if r.IntN(3) > 0 {
		p.largest = 1 + r.Int64N(max(1, p.capacity/4))
	}
	p.resize(p.capacity)
	return p
}

func (p *pair) resize(capacity int64) {
	p.capacity = capacity
	p.ours.Resize(capacity)
	p.plain.Resize(capacity)
}

// operate does one operation, drawn at random, and compares.
func (p *pair) operate() error {
	key := p.r.IntN(p.keys)
	if p.r.IntN(2) == 0 {
		key = p.r.IntN(key + 1) // some are asked for more often
	}
	t, in := p.in[key]
	var err error
	switch op := p.r.IntN(100); {
	case op < 75:
		err = p.request(key)
	case op < 79 && in:
		p.remove(key, Deleted)
	case op < 84 && in:
		p.remove(key, Replaced)
		p.used += t.ours.Size
		p.enter(key, p.entry(key, t.ours.Size))
	case op < 89:
		err = p.pin(key)
	case op < 92:
		err = p.evict(nil, p.r.Int64N(p.capacity+10)-5)
	case op < 96:
		_, _, err = p.nominate(nil, p.r.Int64N(p.capacity))
	case op < 98:
		p.resize(1 + p.r.Int64N(300))
		if over := p.used - p.capacity; over > 0 {
			err = p.evict(nil, over)
		}
	}
	if err == nil {
		err = p.compare()
	}
	return err
}

// entry returns a new entry of a key.
func (p *pair) entry(key int, size int64) twin {
	e := Entry{Hash: scramble(key), Size: size, Cost: p.r.Uint32N(1 << 30)}
	return twin{&Entry{Hash: e.Hash, Size: size, Cost: e.Cost}, &Entry{Hash: e.Hash, Size: size, Cost: e.Cost}}
}

// request asks for a key, which comes in if it is not.
func (p *pair) request(key int) error {
	if _, ok := p.pinned[key]; ok {
		return nil
	}
	t, in := p.in[key]
	if !in {
		return p.add(key, p.entry(key, 1+p.r.Int64N(p.largest)))
	}
	t.ours.Hit()
	t.plain.Hit()
	times := 1 + p.r.IntN(3)
	if p.ours.Ordered() {
		p.ours.Use(slices.Repeat([]*Entry{t.ours}, times))
	}
	if p.plain.Ordered() {
		p.plain.Use(slices.Repeat([]*Entry{t.plain}, times))
	}
	return nil
}

// add lets a newcomer in, if room can be made and it is not refused.
func (p *pair) add(key int, t twin) error {
	if t.ours.Size > p.capacity {
		return nil
	}
	if need := p.used + t.ours.Size - p.capacity; need > 0 {
		victims, admit, err := p.nominate(&t, need)
		if err != nil || !admit {
			return err
		}
		p.let(victims)
	}
	p.used += t.ours.Size
	p.enter(key, t)
	return nil
}

func (p *pair) enter(key int, t twin) {
	p.in[key] = t
	p.ours.Add(t.ours)
	p.plain.Add(t.plain)
}

func (p *pair) remove(key int, why Reason) {
	t := p.in[key]
	delete(p.in, key)
	p.used -= t.ours.Size
	p.ours.Remove(t.ours, why)
	p.plain.Remove(t.plain, why)
}

func (p *pair) pin(key int) error {
	if t, ok := p.pinned[key]; ok {
		delete(p.pinned, key)
		return p.add(key, t)
	}
	if t, ok := p.in[key]; ok {
		p.remove(key, Pinned)
		p.pinned[key] = t
	}
	return nil
}

func (p *pair) evict(newcomer *twin, need int64) error {
	victims, _, err := p.nominate(newcomer, need)
	p.let(victims)
	return err
}

// let lets the victims go.
func (p *pair) let(victims []uint64) {
	for key, t := range p.inOrder() {
		if slices.Contains(victims, t.ours.Hash) {
			p.remove(key, Evicted)
		}
	}
}

// inOrder returns what is in, in the order of the keys.
func (p *pair) inOrder() func(yield func(int, twin) bool) {
	return func(yield func(int, twin) bool) {
		for key := range p.keys {
			if t, ok := p.in[key]; ok && !yield(key, t) {
				return
			}
		}
	}
}

// nominate asks both for victims and returns their hashes.
func (p *pair) nominate(newcomer *twin, need int64) (victims []uint64, admit bool, err error) {
	var a, b *Entry
	if newcomer != nil {
		a, b = newcomer.ours, newcomer.plain
	}
	given := []*Entry{{Hash: 1, Size: 1}} // what is there already does not count
	ours, admit := p.ours.Victims(given, a, need)
	plain, admitted := p.plain.Victims(nil, b, need)
	victims = hashes(ours[1:])
	if admit != admitted || !slices.Equal(victims, hashes(plain)) {
		return nil, false, fmt.Errorf("for %d bytes of %d it nominates %#x (admits: %v), its plain twin %#x (%v)",
			need, p.used, victims, admit, hashes(plain), admitted)
	}
	return victims, admit, nil
}

func hashes(entries []*Entry) []uint64 {
	var all []uint64
	for _, e := range entries {
		all = append(all, e.Hash)
	}
	return all
}

// compare compares the marks, and who would leave next.
func (p *pair) compare() error {
	for key, t := range p.inOrder() {
		if t.ours.Mark() != t.plain.Mark() {
			return fmt.Errorf("key %d has the mark %d, in the plain twin %d", key, t.ours.Mark(), t.plain.Mark())
		}
	}
	ours, ok := p.ours.(candidate)
	plain, both := p.plain.(candidate)
	if !ok || !both {
		return nil
	}
	a, b := ours.coldest(), plain.coldest()
	if (a == nil) != (b == nil) || a != nil && a.Hash != b.Hash {
		return fmt.Errorf("the coldest is %v, in the plain twin %v", a, b)
	}
	return nil
}

// A row is entries in a line: who is at the front leaves first.
type row []*Entry

func (r *row) push(e *Entry) { *r = append(*r, e) }

// cut takes e out and reports whether it was in.
func (r *row) cut(e *Entry) bool {
	i := slices.Index(*r, e)
	if i < 0 {
		return false
	}
	*r = slices.Delete(*r, i, i+1)
	return true
}

func (r row) bytes() (sum int64) {
	for _, e := range r {
		sum += e.Size
	}
	return sum
}

// first returns the entry at the front, nil if there is none.
func (r row) first() *Entry {
	if len(r) == 0 {
		return nil
	}
	return r[0]
}

// upTo returns the entries from the front on that together have need bytes, at least one.
func (r row) upTo(need int64) row {
	for i, e := range r {
		if need -= e.Size; need <= 0 {
			return r[:i+1]
		}
	}
	return r
}
