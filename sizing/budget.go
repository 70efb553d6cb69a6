package sizing

import (
	"fmt"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// A Budget is a hard limit on the bytes that any number of caches hold together.
//
// A cache joins it and reserves every byte before it holds it, so that [Budget.Used] is
// never above [Budget.Limit], not for an instant. A cache that finds no room
// evicts of its own or has another member shed, whoever's turn it is; a
// member's turn comes in proportion to what it holds, so that a cache that holds
// nothing still gets room and a large idle one gives way. Nobody ever waits for room.
//
// All methods may be called concurrently. The zero value is not usable: see [NewBudget].
type Budget struct {
	// free is limit less what is reserved, and never negative: reservations
	// take from it by compare and swap. There is no count of used bytes
	// beside it that could disagree.
	free  atomic.Int64
	limit atomic.Int64

	turn    atomic.Uint64 // counts turns
	shares  atomic.Pointer[[]*Share]
	joining sync.Mutex // held while shares is replaced

	resizing sync.Mutex // held while limit changes, never while members shed
	resizes  int        // calls of Resize so far; guarded by resizing
}

// A Member is a cache as its budget sees it.
type Member interface {
	// Shed evicts entries of at least need bytes if it has them, takes the bytes
	// that they held off its share with [Share.Yield], and returns them: they
	// stay reserved and are the caller's now. It may be called concurrently.
	Shed(need int64) int64

	// Spare returns the bytes that Shed could give up now. It may be called
	// concurrently.
	Spare() int64
}

// NewBudget returns a budget of that many bytes. One of 0 bytes or less holds nothing.
func NewBudget(bytes int64) *Budget {
	b := new(Budget)
	b.limit.Store(max(0, bytes))
	b.free.Store(max(0, bytes))
	b.shares.Store(new([]*Share))
	return b
}

// Limit returns the limit in bytes. While a [Budget.Resize] shrinks the budget
// it goes down in steps, each as soon as it holds.
func (b *Budget) Limit() int64 { return b.limit.Load() }

// Used returns the bytes that are reserved, at most Limit. Bytes that are on
// their way from one cache to another count, and so do those that a Resize in
// progress has taken out of use.
func (b *Budget) Used() int64 {
	for {
		limit := b.limit.Load()
		used := limit - b.free.Load()
		if b.limit.Load() == limit {
			return max(0, used)
		}
	}
}

// Resize changes the limit. A smaller one makes the members evict, in small
// steps that let others work in between; when Resize returns nil the new limit
// holds, unless another Resize that began later has changed it again. It fails,
// with the old limit in force again, if the members cannot give up enough because
// entries are pinned.
func (b *Budget) Resize(bytes int64) error {
	bytes = max(0, bytes)
	b.resizing.Lock()
	b.resizes++
	mine, old := b.resizes, b.limit.Load()
	b.grow(bytes - old)
	b.resizing.Unlock()
	for step := max(old/resizeSteps, minResizeStep); ; {
		want := min(step, b.limit.Load()-bytes)
		if want <= 0 {
			return nil
		}
		got := b.take(want)
		if got == 0 {
			got = b.shed(nil, want)
		}
		limit, superseded := b.lower(got, bytes, mine)
		if superseded {
			return nil
		}
		if got == 0 {
			b.resizing.Lock()
			if b.resizes == mine {
				b.grow(old - limit)
			}
			b.resizing.Unlock()
			return fmt.Errorf("shrinking the budget from %d to %d bytes: %d bytes cannot be evicted: release pinned entries or choose a larger limit", old, bytes, limit)
		}
	}
}

// grow raises the limit by n bytes, if n is positive. resizing is held.
func (b *Budget) grow(n int64) {
	if n > 0 {
		b.limit.Add(n) // first, so that Used does not dip below what is held
		b.free.Add(n)
	}
}

// lower takes got bytes, which are reserved, out of use for the Resize of that
// number, but lowers the limit no further than to bytes and frees what is too
// many. If a later Resize has begun it frees all.
func (b *Budget) lower(got, bytes int64, resize int) (limit int64, superseded bool) {
	b.resizing.Lock()
	defer b.resizing.Unlock()
	if b.resizes != resize {
		b.free.Add(got)
		return b.limit.Load(), true
	}
	down := min(got, b.limit.Load()-bytes)
	limit = b.limit.Add(-down)
	b.free.Add(got - down)
	return limit, false
}

// A shrinking budget evicts a hundredth or so at a time, but no less than a page or two.
const (
	resizeSteps   = 128
	minResizeStep = 16 << 10
)

// take takes up to n free bytes and returns how many it got.
func (b *Budget) take(n int64) int64 {
	for {
		free := b.free.Load()
		got := min(n, free)
		if got <= 0 || b.free.CompareAndSwap(free, free-got) {
			return max(0, got)
		}
	}
}

// shed makes members other than except shed until they have given up need
// bytes, or have no more, and returns how many they gave up.
func (b *Budget) shed(except *Share, need int64) (got int64) {
	shares := *b.shares.Load()
	if len(shares) == 0 {
		return 0
	}
	first := b.pick(shares, except)
	for i := range shares {
		s := shares[(first+i)%len(shares)]
		if s == except || s.held.Load() == 0 {
			continue
		}
		if got += s.member.Shed(need - got); got >= need {
			break
		}
	}
	return got
}

// pick returns the index of the share whose turn it is, except aside: each as
// often as its part of all bytes held.
func (b *Budget) pick(shares []*Share, except *Share) int {
	var total uint64
	for _, s := range shares {
		if s != except {
			total += uint64(max(0, s.held.Load()))
		}
	}
	// Multiples of the golden ratio modulo 1 are spread evenly, in any run of
	// them, and the same every time (Weyl's sequence).
	const golden = 0x9e3779b97f4a7c15
	at, _ := bits.Mul64(b.turn.Add(1)*golden, total)
	for i, s := range shares {
		if s == except {
			continue
		}
		held := uint64(max(0, s.held.Load()))
		if at < held {
			return i
		}
		at -= held
	}
	return 0
}

// Join makes m a member of the budget and returns its share, which is empty.
// The budget refers to m until [Share.Leave].
func (b *Budget) Join(m Member) *Share {
	s := &Share{budget: b, member: m}
	b.joining.Lock()
	defer b.joining.Unlock()
	shares := append(slices.Clone(*b.shares.Load()), s)
	b.shares.Store(&shares)
	return s
}

// A Share is what one member holds of a budget. Its methods may be called
// concurrently, [Share.Collect] and [Share.Spare] with no lock held that a method
// of a member takes.
type Share struct {
	budget *Budget
	member Member
	held   atomic.Int64
}

// Budget returns the budget of the share.
func (s *Share) Budget() *Budget { return s.budget }

// Held returns the bytes that the member has reserved.
func (s *Share) Held() int64 { return s.held.Load() }

// Reserve takes n bytes of what is free, or gives -n back if n is negative. It
// reports whether they were there; if not it takes none.
func (s *Share) Reserve(n int64) bool {
	if n == 0 {
		return true
	}
	if n < 0 {
		s.held.Add(n)
		s.budget.free.Add(-n)
		return true
	}
	for {
		free := s.budget.free.Load()
		if free < n {
			return false
		}
		if s.budget.free.CompareAndSwap(free, free-n) {
			s.held.Add(n)
			return true
		}
	}
}

// Yield takes n bytes off the share and leaves them reserved, for whoever asked
// the member to shed.
func (s *Share) Yield(n int64) { s.held.Add(-n) }

// Free returns the bytes of the budget that nobody holds.
func (s *Share) Free() int64 { return s.budget.free.Load() }

// Spare returns the bytes that all members together, this one too, could give up
// now. Who needs more need not begin to evict: it would be for nothing.
func (s *Share) Spare() (bytes int64) {
	for _, other := range *s.budget.shares.Load() {
		bytes += other.member.Spare()
	}
	return bytes
}

// Turn reports whether the member should evict of its own to make room for
// itself, rather than [Share.Collect] from others. It says no as often as
// others' part of the bytes held.
func (s *Share) Turn() bool {
	shares := *s.budget.shares.Load()
	if len(shares) == 1 {
		return true
	}
	return shares[s.budget.pick(shares, nil)] == s
}

// Collect makes other members shed at least need bytes, as far as they have
// them, and adds what they gave up to this share. It returns how many bytes that
// were, which may be more than need, and fewer or none.
func (s *Share) Collect(need int64) int64 {
	got := s.budget.shed(s, need)
	s.held.Add(got)
	return got
}

// Leave gives back all that the member holds and takes it out of the budget. The
// share must not be used afterwards.
func (s *Share) Leave() {
	b := s.budget
	b.joining.Lock()
	shares := slices.DeleteFunc(slices.Clone(*b.shares.Load()), func(o *Share) bool { return o == s })
	b.shares.Store(&shares)
	b.joining.Unlock()
	b.free.Add(s.held.Swap(0))
}
