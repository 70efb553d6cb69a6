package policy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// A fullSize is what a miniature stands for: a cache of its own, with one candidate.
type fullSize struct {
	policy   candidate
	capacity int64
	bytes    int64
	in       map[uint64]*Entry
	hit      float64 // bytes hit, in units of the last request's weight
	evicted  bool
}

// request reports whether the entry was in.
func (c *fullSize) request(hash uint64, size int64) (hit bool) {
	e, hit := c.in[hash]
	if hit {
		if e.Size == size {
			e.Hit()
			return true
		}
		c.policy.Remove(e, Replaced)
		delete(c.in, hash)
		c.bytes -= e.Size
	}
	if size > c.capacity {
		return hit
	}
	e = &Entry{Hash: hash, Size: size}
	if need := c.bytes + size - c.capacity; need > 0 {
		c.evicted = true
		victims, admit := c.policy.Victims(nil, e, need)
		if !admit {
			return hit
		}
		for _, v := range victims {
			c.policy.Remove(v, Evicted)
			delete(c.in, v.Hash)
			c.bytes -= v.Size
		}
	}
	c.policy.Add(e)
	c.in[hash] = e
	c.bytes += size
	return hit
}

// TestMiniaturesAreCaches compares the miniatures with caches of the same size: the same bytes in them, and the same
// weighted bytes asked for and hit. The longest stream is long enough for the weights to be scaled down.
func TestMiniaturesAreCaches(t *testing.T) {
	for _, c := range []struct {
		requests, keys, n int
		largest           int64
	}{{3000, 300, 30, 1}, {3000, 80, 40, 25}, {9000, 30, 0, 30}} {
		r := rand.New(rand.NewPCG(uint64(c.requests), uint64(c.largest)))
		const capacity = 100
		var m miniatures
		m.init()
		m.fit(c.n)
		m.resize(capacity)
		var caches []*fullSize
		for _, construct := range candidates {
			p := construct()
			p.Resize(capacity)
			caches = append(caches, &fullSize{policy: p, capacity: capacity, in: make(map[uint64]*Entry)})
		}
		growth := 1 + 1/float64(miniatureMemory*(c.n+1))
		full, asked, squares := false, 0.0, 0.0
		for i := range c.requests {
			key := r.IntN(c.keys)
			key = r.IntN(key + 1)
			e := &Entry{Hash: scramble(key), Size: 1 + int64(key)%c.largest}
			if r.IntN(20) == 0 {
				e.Size = 1 + r.Int64N(c.largest+5)
			}
			counts := r.IntN(10) > 0
			m.request(e, counts)
			counts = counts && full
			if counts {
				asked = asked/growth + float64(e.Size)
				squares = squares/growth + float64(e.Size*e.Size)
			}
			for j, cache := range caches {
				hit := cache.request(e.Hash, e.Size)
				if counts {
					cache.hit /= growth
					if hit {
						cache.hit += float64(e.Size)
					}
				}
				full = full || cache.evicted
				if mini := &m.caches[j]; mini.bytes != cache.bytes || !near(mini.hit/m.weight, cache.hit) {
					t.Fatalf("request %d of %+v: miniature %d holds %d bytes and hit %v, a cache holds %d and hit %v",
						i, c, j, mini.bytes, mini.hit/m.weight, cache.bytes, cache.hit)
				}
			}
			if !near(m.asked/m.weight, asked) || !near(m.squares/m.weight, squares) || m.weight > maxWeight {
				t.Fatalf("request %d of %+v: asked %v, squares %v, weight %v; want %v, %v", i, c, m.asked/m.weight, m.squares/m.weight, m.weight, asked, squares)
			}
		}
		if !full || asked == 0 {
			t.Errorf("%+v: nobody had to leave", c)
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Max(1, math.Abs(b)) }

// TestMiniaturesFit checks when the sample is halved and doubled, and that only its keys stay.
func TestMiniaturesFit(t *testing.T) {
	var m miniatures
	m.init()
	m.resize(10_000)
	for key := range 3000 {
		m.request(&Entry{Hash: scramble(key), Size: 1}, true)
	}
	for _, step := range []struct {
		n     int
		shift uint
	}{{0, 0}, {2048, 0}, {2049, 1}, {4096, 1}, {4099, 2}, {4099, 2}, {2048, 2}, {2047, 1}, {1024, 1}, {1023, 0}, {100, 0}} {
		m.fit(step.n)
		if m.shift != step.shift {
			t.Fatalf("with %d entries the sample is halved %d times, want %d", step.n, m.shift, step.shift)
		}
		if want := 1 + 1/(32*float64(step.n>>step.shift+1)); m.growth != want {
			t.Errorf("with %d entries a request counts %v times as much as the one before, want %v", step.n, m.growth, want)
		}
		for hash := range m.shadows {
			if hash%(1<<m.shift) != 0 {
				t.Fatalf("hash %#x is not in the sample, halved %d times", hash, m.shift)
			}
		}
		for i := range m.caches {
			if bytes := m.caches[i].bytes; bytes > 10_000>>m.shift || bytes != int64(len(m.shadows)) {
				t.Errorf("miniature %d holds %d bytes of %d keys", i, bytes, len(m.shadows))
			}
		}
	}
	m.resize(50)
	for i := range m.caches {
		if bytes := m.caches[i].bytes; bytes != 50 {
			t.Errorf("after they were made smaller miniature %d holds %d bytes of 50", i, bytes)
		}
	}
	for hash := range m.shadows {
		m.forget(hash)
	}
	for i := range m.caches {
		if bytes := m.caches[i].bytes; bytes != 0 || len(m.shadows) != 0 {
			t.Errorf("after all were forgotten miniature %d holds %d bytes, %d keys are known", i, bytes, len(m.shadows))
		}
	}
}

// TestLead checks how much better another must be than the leader: by a hundredth of what that missed, and by
// one standard deviation of what chance could have made of it.
func TestLead(t *testing.T) {
	for _, c := range []struct{ requests, missed, size float64 }{{100, 0, 1}, {100, 25, 1}, {10_000, 10_000, 7}, {400, 100, 1000}} {
		for _, weight := range []float64{1, 1000} {
			m := miniatures{asked: weight * c.requests * c.size, squares: weight * c.requests * c.size * c.size, weight: weight}
			m.caches = make([]miniature, len(candidates))
			want := weight * c.size * (c.missed/100 + math.Sqrt(c.missed))
			if got := m.lead(weight * c.missed * c.size); !near(got, want) {
				t.Errorf("%+v, weight %v: lead %v, want %v", c, weight, got, want)
			}
			for leader := range m.caches {
				for i := range m.caches {
					m.caches[i].hit = m.asked - weight*c.missed*c.size
				}
				if best := m.best(leader); best != leader {
					t.Errorf("of equals %d takes over from %d", best, leader)
				}
				other := (leader + 2) % len(m.caches)
				m.caches[other].hit += 0.99 * want
				if best := m.best(leader); best != leader {
					t.Errorf("%+v: %d takes over from %d, and is no more than 0.99 of the lead better", c, best, leader)
				}
				m.caches[other].hit += 0.02*want + 1
				m.caches[(leader+1)%len(m.caches)].hit += want + 0.5
				if best := m.best(leader); best != other {
					t.Errorf("%+v: %d takes over from %d, want %d, the best", c, best, leader, other)
				}
			}
		}
	}
	m := miniatures{weight: 1, caches: make([]miniature, len(candidates))}
	if best := m.best(3); best != 3 {
		t.Errorf("before any request %d takes over", best)
	}
}

// A follower is the first candidate as adaptive uses it, while no other leads: told of the room that is there.
type follower struct {
	candidate
	room, bytes int64
}

func (f *follower) Resize(capacity int64) {
	f.room = capacity
	f.candidate.Resize(capacity)
}

func (f *follower) Add(e *Entry) {
	f.candidate.Add(e)
	if f.bytes += e.Size; f.bytes > f.room {
		f.Resize(f.bytes)
	}
}

func (f *follower) Remove(e *Entry, why Reason) {
	f.bytes -= e.Size
	f.candidate.Remove(e, why)
}

func (f *follower) Victims(victims []*Entry, newcomer *Entry, need int64) ([]*Entry, bool) {
	room := f.bytes - need
	if newcomer != nil {
		room += newcomer.Size
	}
	if 0 < room && room < f.room {
		f.Resize(room)
	}
	return f.candidate.Victims(victims, newcomer, need)
}

// TestAdaptiveIsItsLeader checks that the adaptive policy does what its first candidate would, until another one
// leads.
func TestAdaptiveIsItsLeader(t *testing.T) {
	steps := 0
	for seed := range uint64(200) {
		ours := NewAdaptive().(*adaptive)
		p := newPair(ours, &follower{candidate: candidates[0]()}, rand.New(rand.NewPCG(seed, 9)))
		for range 300 {
			if err := p.operate(); err != nil && ours.leader == 0 {
				t.Fatalf("sequence %d, step %d: %v", seed, steps, err)
			}
			if ours.leader != 0 {
				break
			}
			steps++
			if ours.n != len(p.in) || ours.bytes != p.used {
				t.Fatalf("sequence %d: it counts %d entries of %d bytes, and has %d of %d", seed, ours.n, ours.bytes, len(p.in), p.used)
			}
		}
	}
	if steps < 20_000 {
		t.Errorf("only %d steps before others led", steps)
	}
}

// TestMoveTakesTheColdestFirst has every candidate follow every other one: each call moves up to 16 entries, those
// that the old one would let go next, and leaves nobody behind.
func TestMoveTakesTheColdestFirst(t *testing.T) {
	for from := range candidates {
		for to := range candidates {
			if from < 2 && to < 2 { // the same policy with another memory
				continue
			}
			t.Run(fmt.Sprint(from, " to ", to), func(t *testing.T) {
				p := NewAdaptive().(*adaptive)
				p.current = candidates[from]()
				p.Resize(1000)
				entries := make([]Entry, 100)
				for i := range entries {
					entries[i] = Entry{Hash: scramble(i), Size: 1}
					p.Add(&entries[i])
				}
				before := p.side
				p.follow(candidates[to]())
				if p.side == before {
					t.Fatal("both policies have the same side")
				}
				for moved := 0; p.old != nil; moved += moveStep {
					first := p.old.coldest()
					if there := onSide(entries, p.side); there != min(moved, len(entries)) {
						t.Fatalf("after %d calls %d entries have moved", moved/moveStep, there)
					}
					p.Use(nil)
					if first != nil && first.mark.Side() != p.side {
						t.Fatal("the coldest stays behind")
					}
				}
				if onSide(entries, p.side) != len(entries) {
					t.Error("somebody is left behind")
				}
				victims, _ := p.Victims(nil, nil, 1000)
				if len(victims) != len(entries) {
					t.Errorf("it holds %d entries of %d", len(victims), len(entries))
				}
			})
		}
	}
}

// onSide returns how many of the entries have the side bit.
func onSide(entries []Entry, bit uint32) (n int) {
	for i := range entries {
		if entries[i].mark.Side() == bit {
			n++
		}
	}
	return n
}

// TestReplacedInTheMiddleOfAMove replaces entries that the old policy still holds: the new one knows that they
// were there, and lets the new entries come marked.
func TestReplacedInTheMiddleOfAMove(t *testing.T) {
	for from := range candidates {
		for _, to := range []int{2, 3, 4} { // those that mark it
			if from == to {
				continue
			}
			p := NewAdaptive().(*adaptive)
			p.current = candidates[from]()
			p.Resize(1000)
			entries := make([]Entry, 100)
			for i := range entries {
				entries[i] = Entry{Hash: scramble(i), Size: 1}
				p.Add(&entries[i])
			}
			p.follow(candidates[to]())
			for i := range entries {
				if p.old == nil {
					break
				}
				p.Remove(&entries[i], Replaced)
				again := &Entry{Hash: entries[i].Hash, Size: 2}
				p.Add(again)
				if again.Mark() == 0 {
					t.Fatalf("from %d to %d: the new entry of key %d comes without a mark", from, to, i)
				}
			}
		}
	}
}

// TestVictimsOfBoth asks for victims in the middle of a move, when either policy holds some: together they are worth what
// is needed, to the byte, and nobody is named twice.
func TestVictimsOfBoth(t *testing.T) {
	for to := range candidates {
		for need := int64(1); need <= 120; need++ {
			p := NewAdaptive().(*adaptive)
			p.current = candidates[(to+1)%len(candidates)]()
			p.Resize(1000)
			entries := make([]Entry, 103)
			for i := range entries {
				entries[i] = Entry{Hash: scramble(i), Size: 1}
				if i == 100 {
					p.follow(candidates[to]())
				}
				p.Add(&entries[i])
			}
			victims, admit := p.Victims(nil, nil, need)
			named := make(map[*Entry]bool)
			for _, v := range victims {
				named[v] = true
			}
			if want := min(int(need), len(entries)); !admit || len(victims) != want || len(named) != want {
				t.Fatalf("to %d: for %d bytes %d victims of a byte each are named, %d different ones", to, need, len(victims), len(named))
			}
		}
	}
}

// TestMiniaturesForgetWhatIsDeleted checks which entries that leave the cache leave the miniatures too: those that were
// deleted or pinned, but not those that were evicted, whose return tells something.
func TestMiniaturesForgetWhatIsDeleted(t *testing.T) {
	for why, want := range map[Reason]bool{Evicted: true, Deleted: false, Replaced: true, Pinned: false} {
		p := NewAdaptive().(*adaptive)
		p.Resize(1000)
		e := &Entry{Hash: scramble(1), Size: 1}
		p.Add(e)
		p.Remove(e, why)
		if _, in := p.minis.shadows[e.Hash]; in != want {
			t.Errorf("reason %d: is it in the miniatures: %v, want %v", why, in, want)
		}
	}
}
