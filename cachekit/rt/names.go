package rt

import (
	"hash/maphash"
	"unsafe"
)

// Names numbers keys in the order in which they first come, and notes the
// number of every key that comes. It is not for concurrent use.
type Names[K comparable] struct {
	seed   maphash.Seed
	keys   []K
	counts []int   // how often each key came
	of     []int32 // the number of every key that came
	follow []int32 // the key that came after each key, the last time
	last   int32   // number of the key that came last
	recent []int32 // number + 1 of the key that a text of some address was, 0 for none
	index  []int32 // open addressing by hash: number + 1, 0 for a free place
}

func newNames[K comparable](rows int) *Names[K] {
	return &Names[K]{seed: maphash.MakeSeed(), of: RawColumn[int32](nil, rows)[:0], index: make([]int32, 64)}
}

// Add takes the key of the next row. It expects after one key the one that came
// after it the last time: rows that come group by group, or date by date, need
// no look-up.
func (n *Names[K]) Add(key K) {
	if len(n.keys) > 0 {
		if next := n.follow[n.last]; n.keys[next] == key {
			n.counts[next]++
			n.of = append(n.of, next)
			n.last = next
			return
		}
	}
	n.find(key)
}

// recentTexts is how many addresses are remembered: 16 KiB, which leave room in a
// first-level cache, and are not worth it where fewer than manyTexts come.
const (
	recentTexts = 1 << 12
	manyTexts   = 1 << 8
)

// AddText is [Names.Add] for texts. Loaders make one string an asset, not one a
// row, so the address of most texts tells what they say.
func AddText[K ~string](n *Names[K], key K) {
	if n.recent == nil {
		if cap(n.of) < manyTexts {
			n.Add(key)
			return
		}
		n.recent = make([]int32, recentTexts)
	}
	at := &n.recent[addressOf(key)*0x9e3779b97f4a7c15>>52]
	if number := *at - 1; number >= 0 && len(n.keys[number]) == len(key) && addressOf(n.keys[number]) == addressOf(key) {
		n.counts[number]++
		n.of = append(n.of, number)
		n.last = number
		return
	}
	n.Add(key)
	*at = n.last + 1
}

// OtherText is a != b, quicker where b is most likely the same memory as a, as it is for texts
// that [Names] are for: without a call.
func OtherText[K ~string](a, b K) bool {
	return (addressOf(a) != addressOf(b) || len(a) != len(b)) && a != b
}

func addressOf[K ~string](s K) uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.StringData(string(s)))))
}

// find looks the key up, or gives it a number.
func (n *Names[K]) find(key K) {
	at := n.place(key)
	number := n.index[at] - 1
	if number < 0 {
		number = int32(len(n.keys))
		n.index[at] = number + 1
		n.keys, n.counts, n.follow = append(n.keys, key), append(n.counts, 0), append(n.follow, number)
		if 2*len(n.keys) > len(n.index) {
			n.grow()
		}
	}
	if len(n.of) > 0 {
		n.follow[n.last] = number
	}
	n.counts[number]++
	n.of = append(n.of, number)
	n.last = number
}

// place returns where the key is in the index, or where it belongs.
func (n *Names[K]) place(key K) uint64 {
	mask := uint64(len(n.index) - 1)
	at := maphash.Comparable(n.seed, key) & mask
	for n.index[at] != 0 && n.keys[n.index[at]-1] != key {
		at = (at + 1) & mask
	}
	return at
}

func (n *Names[K]) grow() {
	n.index = make([]int32, 4*len(n.index))
	for number, key := range n.keys {
		n.index[n.place(key)] = int32(number) + 1
	}
}
