package propertytest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

const (
	stressThreads = 4
	stressCalls   = 60 // of each thread in a round
)

// A storm is one cache under calls from real threads at random. It cannot be shrunk nor
// repeated exactly, so it checks what the concurrent traces check and no more: it is
// there for what two processors do at the same instant, and for the race detector.
type storm[K comparable, V any] struct {
	*prepared[K, V]
	abilities[K, V]
	cache     Cache[K, V]
	newest    []atomic.Int64 // version of each key, as its loader reads it
	committed []atomic.Int64 // version that a get which begins now must not be older than
	changing  []sync.Mutex   // held while a key changes
	loads     []atomic.Int64 // of each key
	fault     atomic.Pointer[string]
}

// checkStress runs a round for every ten cases, every other one without changes.
func (p *prepared[K, V]) checkStress(t *testing.T, prop *property) *Failure {
	for round := range max(1, p.run.cases/10) {
		var s *storm[K, V]
		done := make(chan any, 1)
		go func() {
			s = p.newStorm(prop, round%2 == 0)
			if s.cache != nil {
				s.blow(uint64(p.run.seedOf(prop.name)), uint64(round))
			}
			done <- nil
		}()
		what := ""
		if watch(done, p.run.patience).hung {
			what = "the threads stand still: each waits for another"
		} else if f := s.fault.Load(); f != nil {
			what = *f
		}
		if what != "" {
			return &Failure{Property: prop.name, Case: round + 1, report: fmt.Sprintf(
				"%s: %s; here it is not so, in round %d of %d threads (seed %d, not repeatable):\n\n    %s\n",
				prop.name, prop.explanation, round+1, stressThreads, p.run.seed, what)}
		}
	}
	return nil
}

func (p *prepared[K, V]) newStorm(prop *property, calm bool) *storm[K, V] {
	n := len(p.Keys)
	s := &storm[K, V]{prepared: p, newest: make([]atomic.Int64, n), committed: make([]atomic.Int64, n), changing: make([]sync.Mutex, n), loads: make([]atomic.Int64, n)}
	a := call(false, func() error { s.cache = p.New(p.ample(prop), s.load); return nil })
	if a.bad() {
		s.fail("New: %v", a)
		return s
	}
	if s.abilities = abilitiesOf(s.cache); calm {
		s.invalidate = nil
	}
	return s
}

func (s *storm[K, V]) fail(what string, args ...any) {
	text := fmt.Sprintf(what, args...)
	s.fault.CompareAndSwap(nil, &text)
}

func (s *storm[K, V]) load(_ context.Context, key K) (V, error) {
	k := s.index[key]
	s.loads[k].Add(1)
	version := s.newest[k].Load()
	runtime.Gosched()
	return s.Value(key, int(version)), nil
}

// blow lets all threads loose at the same moment.
func (s *storm[K, V]) blow(seed, round uint64) {
	var threads sync.WaitGroup
	start := make(chan struct{})
	for thread := range stressThreads {
		threads.Go(func() {
			rng := rand.New(rand.NewPCG(seed, round*stressThreads+uint64(thread)))
			<-start
			for range stressCalls {
				if a := call(false, func() error { s.act(rng); return nil }); a.bad() {
					s.fail("%v", a)
				}
			}
		})
	}
	close(start)
	threads.Wait()
	s.settle()
	if s.close != nil {
		_ = s.close() // whether it works is the property leaks
	}
}

// act makes one call.
func (s *storm[K, V]) act(rng *rand.Rand) {
	k := rng.IntN(len(s.Keys))
	switch n := rng.IntN(20); {
	case n == 0 && s.invalidate != nil:
		s.changing[k].Lock()
		defer s.changing[k].Unlock()
		version := s.newest[k].Add(1)
		s.invalidate(s.Keys[k])
		s.committed[k].Store(version)
	case n == 1 && s.peek != nil:
		low := s.committed[k].Load()
		if v, ok := s.peek(s.Keys[k]); ok {
			s.within(k, low, v)
		}
	default:
		low := s.committed[k].Load()
		v, err := s.cache.Get(context.Background(), s.Keys[k])
		if err != nil {
			s.fail("Get of k%d: %v, though no load failed", k, err)
			return
		}
		s.within(k, low, v)
	}
}

// within checks that v is a version of key between low and the newest.
func (s *storm[K, V]) within(k int, low int64, v V) {
	high := s.newest[k].Load()
	if s.Skip["races"] != "" {
		low = 0
	}
	for version := high; version >= low; version-- {
		if s.equal(s.Value(s.Keys[k], int(version)), v) {
			return
		}
	}
	s.fail("an answer of k%d is none of the versions %d to %d that were current while it was asked for: %s", k, low, high, brief(v))
}

// settle checks what must hold when all is over: where nothing was invalidated and
// there is room for all, each key was loaded once, and the counts add up.
func (s *storm[K, V]) settle() {
	loads := int64(0)
	for k := range s.Keys {
		n := s.loads[k].Load()
		loads += n
		if n > 1 && s.invalidate == nil && s.Skip["once"] == "" {
			s.fail("k%d was loaded %d times, though nobody invalidated it and there is room for all", k, n)
		}
	}
	if s.counts == nil {
		return
	}
	if got := s.counts(); got.Loads >= 0 && got.Loads != loads {
		s.fail("the cache counts %d loads, there were %d", got.Loads, loads)
	}
}
