package table

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestShardsAreAPowerOfTwo checks that a table has as many shards as were asked for, rounded up.
func TestShardsAreAPowerOfTwo(t *testing.T) {
	for n := -3; n < 300; n++ {
		shards, want := len(New(n, exact).Shards), max(n, 2)
		if shards < want || shards >= 2*want || shards&(shards-1) != 0 {
			t.Errorf("New(%d) makes %d shards", n, shards)
		}
	}
}

// TestTagsAreNeverZero checks that a tag is the lowest byte of the hash, but for 0, which means an empty slot.
func TestTagsAreNeverZero(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for low := range uint64(256) {
		if got := tag(r.Uint64()&^0xff | low); got != max(low, 1) {
			t.Errorf("a hash that ends in %#x has the tag %#x", low, got)
		}
	}
}

// TestMatchesMissesNone compares the search through all tags at once with one after the other: what has the tag is
// found, and the lowest that is found has it; above that mistakes are rare.
func TestMatchesMissesNone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	mistakes, found := 0, 0
	for range 20_000 {
		meta, want := r.Uint64(), r.Uint64N(256)
		for range r.IntN(4) { // some have it
			at := 8 * r.IntN(slotsPerBucket)
			meta = meta&^(0xff<<at) | want<<at
		}
		bits, first := matches(meta, want), true
		if bits&^HighBits != 0 {
			t.Fatalf("matches(%#x, %#x) = %#x", meta, want, bits)
		}
		for slot := range slotsPerBucket {
			has, says := meta>>(8*slot)&0xff == want, bits>>(8*slot+7)&1 == 1
			if has && !says || says && first && !has {
				t.Fatalf("matches(%#x, %#x) = %#x", meta, want, bits)
			}
			first = first && !says
			if found++; says && !has {
				mistakes++
			}
		}
	}
	if mistakes > found/100 {
		t.Errorf("%d mistakes in %d slots", mistakes, found)
	}
}

// TestGrowsInTime fills one shard up to its last slot, at every size up to some 20,000 entries: a table asks to grow
// when two thirds are taken, and insists when fifteen sixteenths are, or the last slot of a small shard is.
func TestGrowsInTime(t *testing.T) {
	for buckets := 1; buckets < 3000; buckets = larger(buckets) {
		table := New(2, exact)
		table.resize(0, buckets)
		slots := buckets * slotsPerBucket
		for n := range slots + 1 {
			bytes, must := table.Growth(0)
			should := 3*(n+1) > 2*slots
			insists := n == slots || slots > 28 && 16*(n+1) > 15*slots
			if (bytes != 0) != should || must != insists || should && bytes != int64(larger(buckets)-buckets)*BucketBytes {
				t.Fatalf("%d of %d slots are taken: Growth is %d bytes, must %v", n, slots, bytes, must)
			}
			p := new(uint64)
			*p = uint64(n) * 0x9e3779b97f4a7c15 &^ (1 << ShardShift)
			if table.Insert(p) != (n < slots) {
				t.Fatalf("%d of %d slots are taken: Insert says %v", n, slots, n >= slots)
			}
		}
	}
}

// TestStepsGetSmaller checks by how much shards grow: twice at first, later by half, and large ones by a sixth, in
// whole pages.
func TestStepsGetSmaller(t *testing.T) {
	for n := 1; n < 100_000; n++ {
		next, least, most := larger(n), 2*n, 2*n
		switch {
		case n >= 512:
			least, most = n+n/6, n+n/6+127
		case n >= 64:
			least, most = n+n/2, n+n/2
			if most > 512 {
				most += 127
			}
		}
		if next < least || next > most || next > 512 && next%128 != 0 {
			t.Fatalf("a shard of %d buckets grows to %d", n, next)
		}
	}
}

// TestShrinksWhenNearlyEmpty empties a shard entry by entry: it gives memory back when an eighth is left, to a
// quarter of its size, and all when nothing is.
func TestShrinksWhenNearlyEmpty(t *testing.T) {
	for _, buckets := range []int{1, 4, 7, 8, 9, 64, 512} {
		table := New(2, exact)
		table.resize(0, buckets)
		var entries []*uint64
		for n := range buckets * slotsPerBucket {
			p := new(uint64)
			*p = uint64(n) * 0x9e3779b97f4a7c15 &^ (1 << ShardShift)
			table.Insert(p)
			entries = append(entries, p)
		}
		have := buckets
		for left := len(entries) - 1; left >= 0; left-- {
			table.Remove(entries[left])
			want := have
			switch {
			case left == 0:
				want = 0
			case have >= 8 && 8*left <= have*slotsPerBucket:
				want = have / 4
			}
			before := table.Bytes()
			freed := table.Shrink(0)
			if s := table.shard(0); want == 0 && s != nil || want > 0 && len(s.Buckets) != want || freed != before-table.Bytes() {
				t.Fatalf("%d buckets, %d entries left: shrunk by %d bytes, %d buckets were wanted", have, left, freed, want)
			}
			have = want
			for _, p := range entries[:left] {
				if !table.Contains(p) {
					t.Fatalf("%d entries left: one is lost", left)
				}
			}
			if left > 64 && left%16 != 0 { // in larger steps, as long as nothing happens
				for ; left%16 != 1 && 8*(left-1) > have*slotsPerBucket; left-- {
					table.Remove(entries[left-1])
				}
			}
		}
	}
}

// TestOneIsLeft shrinks a shard in which one entry of very many is left: it stays, and what is appended to stays too.
func TestOneIsLeft(t *testing.T) {
	table, p, given := New(2, exact), new(uint64), new(uint64)
	table.resize(0, 512)
	table.Insert(p)
	if freed := table.Shrink(0); freed != (512-128)*BucketBytes || table.Find(0) != p {
		t.Errorf("shrunk by %d bytes; is the entry there: %v", freed, table.Find(0) == p)
	}
	for i, want := range [][]*uint64{{given, p}, {given}} {
		if got := table.AppendShard([]*uint64{given}, i); !slices.Equal(got, want) {
			t.Errorf("to one entry the %d of shard %d were appended: %d", len(want)-1, i, len(got))
		}
	}
}

// TestWalkMeetsEveryEntryOnce walks through a table bucket by bucket: each entry is met once in a round, and then the
// walk begins anew.
func TestWalkMeetsEveryEntryOnce(t *testing.T) {
	for _, n := range []int{0, 1, 5, 100, 3000} {
		for _, shards := range []int{2, 16} {
			r := rand.New(rand.NewPCG(uint64(n), uint64(shards)))
			table := New(shards, exact)
			met, buckets := make(map[*uint64]int), 0
			for range n {
				p := new(uint64)
				*p = r.Uint64()
				add(t, table, p)
				met[p] = 0
			}
			for i := range table.Shards {
				if s := table.shard(i); s != nil {
					buckets += len(s.Buckets)
				}
			}
			at, begun, calls := 0, 0, 0
			for _, round := range []int{1, 2} {
				for ; calls < round*buckets+begun; calls++ {
					var entries []*uint64
					entries, at = table.AppendBucket(nil, at)
					if calls == 0 && table.shard(0) == nil {
						begun = 1 // the first shard has no bucket
					}
					for _, p := range entries {
						met[p]++
					}
				}
				for p, times := range met {
					if times != round {
						t.Fatalf("%d entries: round %d met %#x %d times", n, round, *p, times)
					}
				}
			}
		}
	}
}

// TestWhereAnEntryLies checks what look-ups outside of this package rely on: the shard of a hash, and what an empty
// table, and one of a single bucket, take.
func TestWhereAnEntryLies(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for _, shards := range []int{2, 4, 64, 256} {
		table := New(shards, exact)
		for range 1000 {
			p := new(uint64)
			*p = r.Uint64()
			if bytes, must := table.Growth(*p); table.shard(int(*p/256)%shards) == nil && (bytes != 64+64 || !must) {
				t.Fatalf("an empty shard asks for %d bytes, must %v", bytes, must)
			}
			add(t, table, p)
			s := table.shard(int(*p/256) % shards)
			if s == nil {
				t.Fatalf("hash %#x is not in shard %d", *p, *p/256%uint64(shards))
			}
		}
		bytes := int64(0)
		for i := range table.Shards {
			if s := table.shard(i); s != nil {
				bytes += int64(len(s.Buckets))*64 + 64
			}
		}
		if table.Bytes() != bytes {
			t.Errorf("%d shards take %d bytes, the table says %d", shards, bytes, table.Bytes())
		}
	}
}

// TestRoundTheEnd holds entries whose home is the last bucket, so that they go on in the first: Find and Next follow,
// and Next asks about no entry of another hash.
func TestRoundTheEnd(t *testing.T) {
	table := New(2, exact)
	table.resize(1, 16)
	var entries []*uint64
	for i := range uint64(60) { // of two hashes, both at home in the last bucket
		p := new(uint64)
		*p = ^uint64(0) - i%2
		if !table.Insert(p) {
			t.Fatal("no slot")
		}
		entries = append(entries, p)
	}
	check(t, table)
	for i, p := range entries {
		met := 0
		got := table.Next(*p, func(q *uint64) bool {
			if q == nil || *q != *p {
				t.Fatal("asked about an entry of another hash")
			}
			met++
			return q == p
		})
		if got != p || met > len(entries)/2 {
			t.Fatalf("entry %d is not found, %d were looked at", i, met)
		}
		if found := table.Find(*p); found == nil || *found != *p {
			t.Fatalf("hash %#x is not found", *p)
		}
	}
	none := 0
	if got := table.Next(^uint64(0), func(*uint64) bool { none++; return false }); got != nil || none != len(entries)/2 {
		t.Errorf("Next that accepts none returns %v, after %d of %d", got, none, len(entries)/2)
	}
	for i, p := range entries {
		if !table.Remove(p) || table.Contains(p) || table.Len() != len(entries)-i-1 {
			t.Fatalf("entry %d cannot be removed", i)
		}
		check(t, table)
	}
}

// TestWhatIsNotThere asks an empty table, an empty shard and a full one for what they do not hold.
func TestWhatIsNotThere(t *testing.T) {
	for _, n := range []int{0, 1, 500} {
		table := New(2, exact)
		for i := range uint64(n) {
			p := new(uint64)
			*p = i * 0x9e3779b97f4a7c15
			add(t, table, p)
		}
		for i := range uint64(200) {
			p, other := new(uint64), new(uint64)
			*p, *other = i*0x9e3779b97f4a7c15, i*0x9e3779b97f4a7c15 // hashes that are there, in other entries
			if i%2 == 0 {
				*p = i << 50
			}
			if table.Contains(p) || table.Remove(p) || table.Replace(p, other) || table.Len() != n {
				t.Fatalf("of %d entries, one that is not there is found", n)
			}
		}
		check(t, table)
	}
}
