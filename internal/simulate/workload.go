package simulate

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sort"
	"strings"
)

// A Workload is a named stream of requests.
type Workload struct {
	Name     string
	Requests []Request
}

// Traces reads the traces of a directory, in the order of their names, each
// under its file name without what follows the first dot. A directory that does
// not exist has none.
func Traces(dir string) ([]Workload, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	if err != nil {
		return nil, fmt.Errorf("looking for traces in %s: %w", dir, err)
	}
	var all []Workload
	for _, path := range paths {
		requests, err := ReadTrace(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		all = append(all, Workload{name, requests})
	}
	return all, nil
}

// Synthetic returns streams of about n requests each, of the shapes that
// parameter sweeps have and of those between which a cache must tell: loops,
// skewed popularity that stays or drifts, scans through either, recency, no
// pattern at all, and phases that follow each other. They are the same in every
// call.
func Synthetic(n int) []Workload {
	keys := max(n/100, 10)
	return []Workload{
		{"loop", Loop(0, keys, n)},
		{"loops", Phases(n, n/8, Loop(0, keys/2, n), Loop(1<<32, keys, n))},
		{"zipf", Zipf(keys, 0.9, n, 1)},
		{"zipf-steep", Zipf(4*keys, 1.2, n, 2)},
		{"zipf-drift", Drift(Zipf(keys, 1.0, n, 3), keys, n/keys/4)},
		{"zipf-scan", Interleave(n, 4, 1, Zipf(keys, 1.0, n, 4), Loop(1<<32, n, n))},
		{"zipf-loop", Interleave(n, 1, 1, Zipf(keys, 1.0, n, 5), Loop(1<<32, keys/2, n))},
		{"phases", Phases(n, n/6, Loop(0, keys, n), Zipf(keys, 0.9, n, 6), Recent(keys, 0.98, n, 7))},
		{"recent", Recent(2*keys, 0.995, n, 8)},
		{"uniform", Zipf(keys, 0, n, 9)},
		{"pools", Interleave(n, 1, 1, Zipf(keys/20+1, 0, n, 10), Scramble(Zipf(2*keys, 0, n, 11)))},
		{"sweep", Sweep(keys/20+1, 12, 24, n)},
		{"walk", Walk(keys, keys/10+1, n)},
	}
}

// Loop asks for first, first+1 ... first+keys-1 over and over.
func Loop(first uint64, keys, n int) []Request {
	requests := make([]Request, n)
	for i := range requests {
		requests[i] = Request{first + uint64(i%keys), 1}
	}
	return requests
}

// Zipf asks at random for one of the keys 0 to keys-1, for key k with a
// probability proportional to 1/(k+1)^skew. With skew 0 it is uniform.
func Zipf(keys int, skew float64, n int, seed uint64) []Request {
	cumulated := make([]float64, keys)
	sum := 0.0
	for k := range cumulated {
		sum += math.Pow(float64(k+1), -skew)
		cumulated[k] = sum
	}
	random := rand.New(rand.NewPCG(seed, 0))
	requests := make([]Request, n)
	for i := range requests {
		k := sort.SearchFloat64s(cumulated, random.Float64()*sum)
		requests[i] = Request{uint64(min(k, keys-1)), 1}
	}
	return requests
}

// Recent asks for a new key or for one of the last keys that were asked for; the
// chance that it goes further back falls by the factor stay with each of them.
func Recent(keys int, stay float64, n int, seed uint64) []Request {
	random := rand.New(rand.NewPCG(seed, 0))
	requests := make([]Request, n)
	stack := make([]uint64, 0, keys) // most recent last
	fresh := uint64(0)
	for i := range requests {
		depth := int(math.Log(1-random.Float64()) / math.Log(stay))
		key := fresh
		if at := len(stack) - 1 - depth; at >= 0 {
			key = stack[at]
			copy(stack[at:], stack[at+1:])
			stack = stack[:len(stack)-1]
		} else {
			fresh++
		}
		if len(stack) == keys {
			copy(stack, stack[1:])
			stack = stack[:keys-1]
		}
		stack = append(stack, key)
		requests[i] = Request{key, 1}
	}
	return requests
}

// Drift renames the keys 0 to keys-1 of the requests by one after every `every`
// requests, so that what was popular cools down and something new becomes so.
func Drift(requests []Request, keys, every int) []Request {
	for i := range requests {
		requests[i].Key = (requests[i].Key + uint64(i/max(every, 1))) % uint64(2*keys)
	}
	return requests
}

// Scramble moves the keys away from those of other streams.
func Scramble(requests []Request) []Request {
	for i := range requests {
		requests[i].Key += 1 << 40
	}
	return requests
}

// Interleave takes some requests of a, then some of b, in turn.
func Interleave(n, some, others int, a, b []Request) []Request {
	requests := make([]Request, 0, n)
	for len(requests) < n {
		k := min(some, len(a))
		requests, a = append(requests, a[:k]...), a[k:]
		k = min(others, len(b))
		requests, b = append(requests, b[:k]...), b[k:]
	}
	return requests[:n]
}

// Phases takes length requests of the first stream, then of the second and so
// on, and begins anew after the last; each goes on where it stopped.
func Phases(n, length int, streams ...[]Request) []Request {
	requests := make([]Request, 0, n)
	at := make([]int, len(streams))
	for i := 0; len(requests) < n; i++ {
		k := i % len(streams)
		end := min(at[k]+length, len(streams[k]))
		requests = append(requests, streams[k][at[k]:end]...)
		at[k] = end % len(streams[k])
	}
	return requests[:n]
}

// Sweep asks as a grid search does: each pair of a fast and a slow window is a
// trial; a trial asks, asset by asset, for the bars and the two averages of
// these windows.
func Sweep(assets, fast, slow, n int) []Request {
	requests := make([]Request, 0, n)
	for trial := 0; ; trial++ {
		f, s := trial/slow%fast, trial%slow
		for asset := range assets {
			base := uint64(asset) << 20
			requests = append(requests,
				Request{base, 1},
				Request{base + 1 + uint64(f), 1},
				Request{base + 1<<10 + uint64(s), 1})
			if len(requests) >= n {
				return requests[:n]
			}
		}
	}
}

// Walk asks as a walk-forward does: it loops some times over a window of keys,
// moves the window on by a part and begins again.
func Walk(keys, step, n int) []Request {
	requests := make([]Request, 0, n)
	for first := uint64(0); ; first += uint64(step) {
		for range 10 {
			for k := range keys / 2 {
				if len(requests) == n {
					return requests
				}
				requests = append(requests, Request{first + uint64(k), 1})
			}
		}
	}
}
