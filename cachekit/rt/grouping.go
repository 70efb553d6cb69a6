package rt

// A Grouping says where rows that come in any order stand when they stand group
// by group: a counting sort, which keeps the order of the rows of a group.
type Grouping[K comparable] struct {
	Keys    []K   // the groups
	Offsets []int // group i has the places Offsets[i] to Offsets[i+1]

	parts []groupedPart
}

// A groupedPart is the rows that one goroutine names and moves.
type groupedPart struct {
	first int     // number of its first row
	of    []int32 // the part's own number of the group of each row
	next  []int   // place of the next row of each group
}

// NewGrouping groups n rows. It calls name concurrently for parts of the rows: it
// adds the keys of the rows lo to hi. Groups stand in the order of compare, or,
// where it is nil, in the order in which they are first seen.
func NewGrouping[K comparable](n int, compare func(a, b K) int, name func(names *Names[K], lo, hi int)) *Grouping[K] {
	g := &Grouping[K]{parts: make([]groupedPart, Parts(n))}
	names := make([]*Names[K], len(g.parts))
	EachPart(len(g.parts), n, func(part, lo, hi int) {
		names[part] = newNames[K](hi - lo)
		name(names[part], lo, hi)
		g.parts[part] = groupedPart{first: lo, of: names[part].of}
	})

	if len(names) == 1 {
		numbers := make([]int32, len(names[0].keys))
		for i := range numbers {
			numbers[i] = int32(i)
		}
		g.arrange(names[0].keys, compare, names, numbers)
		return g
	}

	// One more Names, of the names of all parts in their order, unites them.
	all := newNames[K](0)
	for _, part := range names {
		for _, key := range part.keys {
			all.Add(key)
		}
	}
	g.arrange(all.keys, compare, names, all.of)
	return g
}

// arrange puts the groups, which are known by their numbers, in order. numbers
// are those of the keys of all parts, one part after the other.
func (g *Grouping[K]) arrange(keys []K, compare func(a, b K) int, names []*Names[K], numbers []int32) {
	if compare == nil {
		compare = func(a, b K) int { return 0 } // the sort is stable
	}
	order := SortedKeys(keys, compare) // the number of each group
	counts := make([]int, len(keys))
	at := numbers
	for _, part := range names {
		for local, count := range part.counts {
			counts[at[local]] += count
		}
		at = at[len(part.keys):]
	}

	g.Keys, g.Offsets = make([]K, len(keys)), make([]int, len(keys)+1)
	next := make([]int, len(keys)) // place of the next row of each number
	for i, number := range order {
		g.Keys[i] = keys[number]
		next[number] = g.Offsets[i]
		g.Offsets[i+1] = g.Offsets[i] + counts[number]
	}
	for p, part := range names {
		g.parts[p].next = make([]int, len(part.keys))
		for local, count := range part.counts {
			g.parts[p].next[local] = next[numbers[local]]
			next[numbers[local]] += count
		}
		numbers = numbers[len(part.keys):]
	}
}

// Rows are moved a block at a time: of blockRows, which with a copy of them in columns
// are about what the second-level cache of a processor holds, or of fewer where there
// are few. Within a block the rows of a group are written next to each other:
// written in the order in which they come, every value would go to a page of its own.
const (
	blockRows    = 1 << 14
	minBlockRows = 1 << 10
)

// Block returns how many of n rows [Grouping.Move] moves at a time, at most. It does not
// fall as n grows.
func Block(n int) int { return min(n, blockRows, max(minBlockRows, n/16)) }

// Move moves all rows, a block at a time. It calls newMove for a function of each
// goroutine, which moves row first+from[i] to the place to[i], for each i. It can be
// called once.
func (g *Grouping[K]) Move(newMove func() func(first int, from []int32, to []int)) {
	EachPart(len(g.parts), len(g.parts), func(p, _, _ int) {
		part, move := &g.parts[p], newMove()
		block := Block(len(part.of))
		from, to := make([]int32, block), make([]int, block)
		ends, shift := make([]int32, len(part.next)+1), make([]int, len(part.next))
		for lo := 0; lo < len(part.of); lo += block {
			n := min(block, len(part.of)-lo)
			part.place(from[:n], to[:n], ends, shift, part.of[lo:lo+n])
			move(part.first+lo, from[:n], to[:n])
		}
	})
}

// place sets from to the positions of groups sorted by group, those of one group in
// their order, and to to the places of their rows: a counting sort. ends is
// scratch with an element for every group and one more, shift with one for every group.
func (p *groupedPart) place(from []int32, to []int, ends []int32, shift []int, groups []int32) {
	if len(ends) > 4*len(groups) { // hardly two rows of a block are of one group
		for k, g := range groups {
			from[k], to[k] = int32(k), p.next[g]
			p.next[g]++
		}
		return
	}
	clear(ends)
	for _, g := range groups {
		ends[g+1]++
	}
	for g := range shift {
		start := ends[g]
		shift[g] = p.next[g] - int(start)
		p.next[g] += int(ends[g+1])
		ends[g+1] += start
	}
	for k, g := range groups {
		at := ends[g]
		ends[g]++
		from[at], to[at] = int32(k), int(at)+shift[g]
	}
}

// Scatter sets dst[to[i]] to src[from[i]], for each i. A nil src leaves dst alone.
func Scatter[E any](dst, src []E, from []int32, to []int) {
	if src == nil {
		return
	}
	to = to[:len(from)]
	for i, row := range from {
		dst[to[i]] = src[row]
	}
}

// Range returns the elements lo to hi of column, or nil where it is nil.
func Range[E any](column []E, lo, hi int) []E {
	if column == nil {
		return nil
	}
	return column[lo:hi:hi]
}
