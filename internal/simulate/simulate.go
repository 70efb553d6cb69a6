// Package simulate replays streams of requests through caches and counts what
// they hit.
//
// It knows nothing of policies: whatever answers [Cache] can be measured, a
// policy on the simplest cache there is as well as a whole library. [Belady]
// says how much any cache could have hit, [ReadTrace] reads the public traces,
// and the generators make streams of the shapes that parameter sweeps have.
package simulate

// A Request asks for the value of a key, which holds Size bytes, at least 1.
type Request struct {
	Key  uint64
	Size int64
}

// A Cache answers one request after another. It reports whether it held the key
// and, if it did not, takes it in if it can. Size is the size of the key's value
// from this request on.
type Cache interface {
	Request(key uint64, size int64) (hit bool)
}

// A Result counts what a cache hit.
type Result struct {
	Requests, Hits  int
	Bytes, HitBytes int64 // sums of the sizes of all requests and of those that hit
}

// Ratio returns the hits per request, 0 to 1; 0 without requests.
func (r Result) Ratio() float64 {
	if r.Requests == 0 {
		return 0
	}
	return float64(r.Hits) / float64(r.Requests)
}

// ByteRatio returns the hit bytes per requested byte, 0 to 1; 0 without
// requests.
func (r Result) ByteRatio() float64 {
	if r.Bytes == 0 {
		return 0
	}
	return float64(r.HitBytes) / float64(r.Bytes)
}

func (r *Result) count(q Request, hit bool) {
	r.Requests++
	r.Bytes += q.Size
	if hit {
		r.Hits++
		r.HitBytes += q.Size
	}
}

// Run sends the requests to the cache in their order.
func Run(c Cache, requests []Request) Result {
	var r Result
	for _, q := range requests {
		r.count(q, c.Request(q.Key, q.Size))
	}
	return r
}

// Keys returns how many different keys are asked for, and the sum of the sizes
// that each of them was last asked for with: a cache of so many bytes holds all
// of them in the end.
func Keys(requests []Request) (distinct int, bytes int64) {
	last := make(map[uint64]int64)
	for _, q := range requests {
		last[q.Key] = q.Size
	}
	for _, size := range last {
		bytes += size
	}
	return len(last), bytes
}
