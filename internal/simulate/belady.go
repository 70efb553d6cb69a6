package simulate

import (
	"container/heap"
	"math"
)

// Belady returns what a cache of the given capacity in bytes hits that knows the
// future and, when it is full, drops what is asked for again furthest from now,
// the newcomer itself included (L. A. Belady, "A study of replacement algorithms
// for a virtual-storage computer", IBM Systems Journal 5(2), 1966).
//
// Where all sizes are equal no cache hits more. Where they differ the optimum is
// NP-hard, and what is returned is that of the same greedy rule: those furthest
// from now leave until the newcomer fits. It is then a yardstick, not a bound.
func Belady(requests []Request, capacity int64) Result {
	var (
		r    Result
		next = nextRequests(requests)
		in   = make(map[uint64]*future)
		far  farthest
		used int64
	)
	for i, q := range requests {
		f, hit := in[q.Key]
		r.count(q, hit)
		if hit {
			used += q.Size - f.size
			f.next, f.size = next[i], q.Size
			heap.Fix(&far, f.at)
		} else {
			f = &future{key: q.Key, next: next[i], size: q.Size}
			in[q.Key] = f
			used += q.Size
			heap.Push(&far, f)
		}
		for used > capacity {
			f := heap.Pop(&far).(*future)
			delete(in, f.key)
			used -= f.size
		}
	}
	return r
}

// nextRequests returns for each request the index of the next one of the same
// key, math.MaxInt for the last.
func nextRequests(requests []Request) []int {
	next := make([]int, len(requests))
	seen := make(map[uint64]int)
	for i := len(requests) - 1; i >= 0; i-- {
		next[i] = math.MaxInt
		if j, ok := seen[requests[i].Key]; ok {
			next[i] = j
		}
		seen[requests[i].Key] = i
	}
	return next
}

// A future is what Belady's cache knows of an entry.
type future struct {
	key  uint64
	next int // index of the next request
	size int64
	at   int // index in the heap
}

// farthest is a heap with the entry whose next request is furthest on top.
type farthest []*future

func (h farthest) Len() int { return len(h) }
func (h farthest) Less(i, j int) bool {
	if h[i].next != h[j].next {
		return h[i].next > h[j].next
	}
	return h[i].size > h[j].size
}
func (h farthest) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push implements [heap.Interface].
func (h *farthest) Push(x any) {
	f := x.(*future)
	f.at = len(*h)
	*h = append(*h, f)
}

// Pop implements [heap.Interface].
func (h *farthest) Pop() any {
	last := len(*h) - 1
	f := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return f
}
