package policy

import (
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"
)

// scramble makes a hash of a small number.
func scramble(n int) uint64 {
	h := uint64(n+1) * 0x9e3779b97f4a7c15
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return h ^ h>>32
}

func TestGhosts(t *testing.T) {
	for _, limit := range []int{1, 5, 100, 1000, 50_000} {
		var g ghosts
		const rounds = 4
		for n := range rounds * limit {
			g.add(scramble(n), limit)
		}
		remembered, tooOld := 0, 0
		for n := range rounds * limit {
			if !g.take(scramble(n)) {
				continue
			}
			if n >= (rounds-1)*limit-limit/ghostEpochs-2 {
				remembered++
			} else {
				tooOld++
			}
		}
		if remembered < limit*9/10 {
			t.Errorf("limit %d: %d of the last are remembered", limit, remembered)
		}
		if tooOld > limit/500 {
			t.Errorf("limit %d: %d are remembered for too long", limit, tooOld)
		}
		if bytes := 4 * len(g.slots); bytes > 6*limit+2*4*ghostWays {
			t.Errorf("limit %d: the table has %d bytes", limit, bytes)
		}
	}
}

// TestGhostsForget adds so many that the epochs come round several times: what is
// old must not seem young again.
func TestGhostsForget(t *testing.T) {
	var g ghosts
	const limit = 20
	old := scramble(0)
	g.add(old, limit)
	for n := 1; n < 300_000; n++ {
		g.add(scramble(n), limit)
		if n%1000 == 0 {
			bucket, print := g.find(old)
			for _, slot := range bucket {
				if uint16(slot>>16) == print && g.remembered(slot) {
					t.Fatalf("%d additions later a hash is remembered, limit %d", n, limit)
				}
			}
		}
	}
}

func TestRecall(t *testing.T) {
	for _, limit := range []int{1, 64, 1000, 20_000} {
		var r recall
		for n := range 3 * limit {
			r.put(scramble(n), uint64(n)+1<<40, limit)
		}
		now := uint64(3*limit) + 1<<40
		found := 0
		for n := range 3 * limit {
			time, ok := r.find(scramble(n), now)
			if ok && time != uint64(n)+1<<40 {
				t.Fatalf("limit %d: hash %d has time %d, want %d", limit, n, time, uint64(n)+1<<40)
			}
			if ok && n >= 2*limit {
				found++
			}
		}
		if found < limit*97/100 {
			t.Errorf("limit %d: %d of the last are remembered", limit, found)
		}
		r.drop(scramble(3*limit - 1))
		if _, ok := r.find(scramble(3*limit-1), now); ok {
			t.Errorf("limit %d: a hash that was dropped is remembered", limit)
		}
	}
}

// TestRecallGrows checks that next to nothing is lost when the table gets larger.
func TestRecallGrows(t *testing.T) {
	var r recall
	for n := range 10_000 {
		r.put(scramble(n), uint64(n), 2*n+64)
	}
	lost := 0
	for n := range 10_000 {
		time, ok := r.find(scramble(n), 10_000)
		if ok && time != uint64(n) {
			t.Fatalf("hash %d has time %d", n, time)
		}
		if !ok {
			lost++
		}
	}
	if lost > 200 {
		t.Errorf("%d of 10,000 were lost", lost)
	}
}

// TestHistory compares a history with a slice.
func TestHistory(t *testing.T) {
	properties := gopter.NewProperties(gopter.DefaultTestParametersWithSeed(1))
	properties.Property("is a queue", prop.ForAll(
		func(hashes []uint64, limit int) bool {
			var h history
			var model []departed
			for i, hash := range hashes {
				at := slices.IndexFunc(model, func(d departed) bool { return d.hash == hash })
				if i%5 == 4 {
					got, ok := h.take(hash)
					if ok != (at >= 0) || ok && got != model[at] {
						return false
					}
				}
				if at >= 0 {
					model = slices.Delete(model, at, at+1)
				}
				if i%5 < 4 {
					d := departed{hash, int64(i%9 + 1)}
					h.add(d)
					model = append(model, d)
				}
				h.trim(int64(5*limit), limit)
				for len(model) > limit || sizes(model) > int64(5*limit) {
					model = model[1:]
				}
				if h.len() != len(model) || h.bytes != sizes(model) {
					return false
				}
				if first, ok := h.first(); ok != (len(model) > 0) || ok && first != model[0] {
					return false
				}
			}
			return true
		},
		gen.SliceOf(gen.UInt64Range(0, 40)),
		gen.IntRange(1, 30),
	))
	properties.TestingRun(t)
}

func sizes(all []departed) (sum int64) {
	for _, d := range all {
		sum += d.size
	}
	return sum
}

// TestSketch checks that counts are never too low before they are halved, and
// rarely too high.
func TestSketch(t *testing.T) {
	const keys = 1000
	var s sketch
	s.grow(keys)
	for n := range keys {
		for range n % 8 {
			s.see(scramble(n))
		}
	}
	high := 0
	for n := range keys {
		got := s.estimate(scramble(n))
		if got < n%8 {
			t.Fatalf("hash %d was seen %d times, the estimate is %d", n, n%8, got)
		}
		if got > n%8 {
			high++
		}
	}
	if high > keys/20 {
		t.Errorf("%d of %d estimates are too high", high, keys)
	}
	before := s.estimate(scramble(7))
	s.grow(4 * keys)
	if after := s.estimate(scramble(7)); after < before {
		t.Errorf("growing made %d of %d", after, before)
	}
	for range 2 * sketchWindow * len(s.words) {
		s.see(scramble(keys))
	}
	if after := s.estimate(scramble(7)); after >= before {
		t.Errorf("a hash that was not seen for long counts %d, before %d", after, before)
	}
}
