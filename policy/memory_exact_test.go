package policy

import (
	"math/rand/v2"
	"testing"
)

// TestReplacementsModel compares the ring of replaced entries with a map, while no more are under way than
// it has room for.
func TestReplacementsModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	var ours replacements
	model := make(map[uint64]uint64)
	var order []uint64 // put and not taken, the oldest first
	for step := range 20_000 {
		hash := r.Uint64N(12)
		want, in := model[hash]
		if has := ours.has(hash); has != in {
			t.Fatalf("step %d: has(%d) is %v", step, hash, has)
		}
		if !in && len(order) < len(ours.ring) && r.IntN(2) == 0 {
			known := r.Uint64()
			ours.put(hash, known)
			model[hash] = known
			order = append(order, hash)
			continue
		}
		if got, ok := ours.take(hash); ok != in || got != want {
			t.Fatalf("step %d: take(%d) = %d, %v, want %d, %v", step, hash, got, ok, want, in)
		}
		// The ring is written round and round, so whoever came before the one that is taken leaves with it.
		delete(model, hash)
		for i, h := range order {
			if h == hash {
				for _, before := range order[:i] {
					ours.take(before)
					delete(model, before)
				}
				order = order[i+1:]
				break
			}
		}
	}
}

// TestReplacementsOverflow puts more than fit: the oldest are forgotten, the newest not.
func TestReplacementsOverflow(t *testing.T) {
	var ours replacements
	size := uint64(len(ours.ring))
	for hash := range 3 * size {
		ours.put(hash, hash+100)
	}
	for hash := range 3 * size {
		if known, ok := ours.take(hash); ok != (hash >= 2*size) || ok && known != hash+100 {
			t.Errorf("take(%d) of %d = %d, %v", hash, 3*size, known, ok)
		}
	}
	if ours.count != 0 {
		t.Errorf("an empty ring counts %d", ours.count)
	}
}

// TestGhostsModel compares ghosts with a map from hash to the number of its last addition, in a table with so
// much room that few buckets are full: exact but for what those forget early.
func TestGhostsModel(t *testing.T) {
	for _, limit := range []int{40, 100, 3000} {
		r := rand.New(rand.NewPCG(uint64(limit), 7))
		var g ghosts
		model := make(map[int]int)
		remembered, forgotten := 0, 0
		for added := 0; added < 20*limit; {
			key := r.IntN(2 * limit)
			at, in := model[key]
			if r.IntN(3) == 0 {
				delete(model, key)
				switch got, want := g.take(scramble(key)), in && added-at <= limit; {
				case got && !want:
					t.Fatalf("limit %d: hash %d is remembered; was it added: %v, %d additions ago", limit, key, in, added-at)
				case want && !got:
					forgotten++
				case want:
					remembered++
				}
				continue
			}
			added++
			g.add(scramble(key), limit)
			model[key] = added
		}
		if forgotten > remembered/20 {
			t.Errorf("limit %d: %d were forgotten early, %d were not", limit, forgotten, remembered)
		}
	}
}

// TestGhostsBeginAnew checks that a limit which outgrows the table, or shrinks to a fraction, leaves none in it,
// and one between changes nothing.
func TestGhostsBeginAnew(t *testing.T) {
	for limit, kept := range map[int]bool{100: true, 105: true, 60: true, 1000: false, 10: false} {
		var g ghosts
		for key := range 20 {
			g.add(scramble(key), 100)
		}
		g.add(scramble(50), limit)
		for key := range 20 {
			if g.take(scramble(key)) != (kept || key == 50) {
				t.Errorf("limit %d after 100: key %d, kept is %v", limit, key, !kept)
			}
		}
		if !g.take(scramble(50)) || g.take(scramble(50)) {
			t.Errorf("limit %d after 100: the last is not remembered once", limit)
		}
	}
}

// TestRecallModel compares a recall with a map, with so much room that no bucket is full.
func TestRecallModel(t *testing.T) {
	const limit = 3000
	r := rand.New(rand.NewPCG(1, 8))
	var ours recall
	model := make(map[int]uint64)
	for now := uint64(1) << 40; now < 1<<40+50_000; now++ {
		key := r.IntN(limit / 3)
		want, in := model[key]
		if time, ok := ours.find(scramble(key), now); ok != in || ok && time != want {
			t.Fatalf("at %d: key %d has time %d, %v; want %d, %v", now, key, time, ok, want, in)
		}
		if r.IntN(3) == 0 {
			ours.drop(scramble(key))
			delete(model, key)
			continue
		}
		ours.put(scramble(key), now, limit)
		model[key] = now
	}
}

// TestRecallForgetsTheOldest fills one bucket: who was put first is forgotten first, whichever its place.
func TestRecallForgetsTheOldest(t *testing.T) {
	var ours recall
	const size = recallWays
	for time := range uint64(5 * size) {
		ours.put(time+1, time+1<<40, 1) // hashes that differ in the low bits share the bucket
		for past := range time + 1 {
			if _, ok := ours.find(past+1, 5*size+1<<40); ok != (past+size > time) {
				t.Fatalf("after %d of a bucket for %d, the one put at %d is found: %v", time+1, size, past, ok)
			}
		}
	}
	// Shrinking begins anew, and growing does not.
	ours.put(1000, 1<<40, 1000)
	if _, ok := ours.find(5*size, 1<<41); !ok {
		t.Error("growing forgets")
	}
	ours.put(1001, 1<<40, 10)
	if _, ok := ours.find(1000, 1<<41); ok {
		t.Error("a table that is much too large is kept")
	}
}

// TestSketchCounts checks what one hash leaves in a sketch: a count in each row, up to 15.
func TestSketchCounts(t *testing.T) {
	for key := range 200 {
		var s sketch
		s.grow(64)
		for seen := 1; seen <= 20; seen++ {
			s.see(scramble(key))
			if got, want := s.estimate(scramble(key)), min(seen, 15); got != want {
				t.Fatalf("seen %d times, the estimate is %d", seen, got)
			}
			var rows [4]int // counters that are not zero, by row
			for _, word := range s.words {
				for at := range 16 {
					if count := word >> (4 * at) & 15; count == uint64(min(seen, 15)) {
						rows[at/4]++
					} else if count != 0 {
						t.Fatalf("seen %d times, a counter is %d", seen, count)
					}
				}
			}
			if rows != [4]int{1, 1, 1, 1} {
				t.Fatalf("after one hash the rows have %v counters", rows)
			}
		}
	}
}

// TestSketchHalves checks that all counts are halved after ten sightings for each word, and again after
// five more.
func TestSketchHalves(t *testing.T) {
	var s sketch
	s.grow(1)
	words := len(s.words)
	for range 9 {
		s.see(scramble(1))
	}
	for n := 9; n < 10*words-1; n++ {
		s.see(scramble(2))
	}
	one, two := s.estimate(scramble(1)), s.estimate(scramble(2))
	if one != 9 || two != 15 {
		t.Fatalf("before the halving the estimates are %d and %d", one, two)
	}
	s.see(scramble(2))
	if one, two = s.estimate(scramble(1)), s.estimate(scramble(2)); one != 4 || two != 7 {
		t.Errorf("after the halving the estimates are %d and %d", one, two)
	}
	for range 5*words - 1 {
		s.see(scramble(2))
	}
	if one = s.estimate(scramble(1)); one != 4 {
		t.Errorf("one sighting before the next halving the estimate is %d", one)
	}
	s.see(scramble(2))
	if one = s.estimate(scramble(1)); one != 2 {
		t.Errorf("after the next halving the estimate is %d", one)
	}
}

// TestSketchGrows checks that a sketch has as many words as hashes were asked for, rounded up to a power of
// two, and finds the counts again where it looks for them afterwards.
func TestSketchGrows(t *testing.T) {
	var s sketch
	for n := range 300 {
		s.grow(n)
		words := len(s.words)
		if words < n || words < 16 || words&(words-1) != 0 || words >= 2*n && words > 16 {
			t.Fatalf("grow(%d) makes %d words", n, words)
		}
	}
	var small sketch
	small.grow(16)
	small.see(scramble(1))
	small.see(scramble(1))
	small.grow(512)
	if got := small.estimate(scramble(1)); got != 2 {
		t.Errorf("after growing the estimate of a hash that was seen twice is %d", got)
	}
}

// TestSketchHalvesEveryCounter checks each of the sixteen counters of a word, with every count.
func TestSketchHalvesEveryCounter(t *testing.T) {
	for count := range uint64(16) {
		var s sketch
		s.grow(1)
		for i := range s.words {
			s.words[i] = count * 0x1111111111111111
		}
		s.seen = sketchWindow*len(s.words) - 1
		s.see(scramble(1)) // counts one more in each row
		more := 0
		for _, word := range s.words {
			for at := range 16 {
				switch word >> (4 * at) & 15 {
				case count / 2:
				case min(count+1, 15) / 2:
					more++
				default:
					t.Fatalf("a count of %d is halved to %d", count, word>>(4*at)&15)
				}
			}
		}
		if want := int(count % 2 * 4); more != want && count != 15 {
			t.Errorf("of counts of %d, %d became one more", count, more)
		}
	}
}
