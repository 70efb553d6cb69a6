package policy_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/bmadventure/optcache/internal/simulate"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/policy/policytest"
)

// A model is a cache of one policy, written as plainly as can be: for entries of
// size 1, with slices, as slow as it likes.
type model struct {
	new   func() policy.Policy
	model func(capacity int) simulate.Cache
}

var models = map[string]model{
	"lru":   {policy.NewLRU, func(c int) simulate.Cache { return &lruModel{capacity: c} }},
	"fifo":  {policy.NewFIFO, func(c int) simulate.Cache { return &fifoModel{capacity: c} }},
	"clock": {policy.NewCLOCK, func(c int) simulate.Cache { return &clockModel{capacity: c, marks: map[uint64]bool{}} }},
	"sieve": {policy.NewSIEVE, func(c int) simulate.Cache { return &sieveModel{capacity: c, marks: map[uint64]bool{}} }},
	"lirs":  {policy.NewLIRS, func(c int) simulate.Cache { return newLIRSModel(c) }},
}

// TestModels asks a policy and its model for the same keys: they must hit alike.
func TestModels(t *testing.T) {
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			parameters := gopter.DefaultTestParametersWithSeed(1)
			parameters.MinSuccessfulTests, parameters.MaxSize = 300, 500
			properties := gopter.NewProperties(parameters)
			properties.Property("hits like its model", prop.ForAll(
				func(capacity int, keys []uint64) (string, error) {
					cache, model := policytest.NewCache(m.new(), int64(capacity)), m.model(capacity)
					for i, key := range keys {
						got, want := cache.Request(key, 1), model.Request(key, 1)
						if got != want {
							return fmt.Sprintf("request %d, key %d: hit is %v, the model says %v", i, key, got, want), nil
						}
					}
					return "", nil
				},
				gen.IntRange(2, 12),
				gen.SliceOf(gen.UInt64Range(0, 29)),
			))
			properties.TestingRun(t)
		})
	}
}

type lruModel struct {
	capacity int
	keys     []uint64 // oldest use first
}

func (m *lruModel) Request(key uint64, _ int64) bool {
	i := slices.Index(m.keys, key)
	if i >= 0 {
		m.keys = slices.Delete(m.keys, i, i+1)
	} else if len(m.keys) == m.capacity {
		m.keys = m.keys[1:]
	}
	m.keys = append(m.keys, key)
	return i >= 0
}

type fifoModel struct {
	capacity int
	keys     []uint64
}

func (m *fifoModel) Request(key uint64, _ int64) bool {
	if slices.Contains(m.keys, key) {
		return true
	}
	if len(m.keys) == m.capacity {
		m.keys = m.keys[1:]
	}
	m.keys = append(m.keys, key)
	return false
}

type clockModel struct {
	capacity int
	keys     []uint64 // the hand is at the first
	marks    map[uint64]bool
}

func (m *clockModel) Request(key uint64, _ int64) bool {
	if slices.Contains(m.keys, key) {
		m.marks[key] = true
		return true
	}
	for len(m.keys) == m.capacity {
		first := m.keys[0]
		m.keys = m.keys[1:]
		if m.marks[first] {
			m.keys = append(m.keys, first)
		}
		delete(m.marks, first)
	}
	m.keys = append(m.keys, key)
	return false
}

type sieveModel struct {
	capacity int
	keys     []uint64 // oldest first
	marks    map[uint64]bool
	hand     int
}

func (m *sieveModel) Request(key uint64, _ int64) bool {
	if slices.Contains(m.keys, key) {
		m.marks[key] = true
		return true
	}
	if len(m.keys) == m.capacity {
		for {
			m.hand %= len(m.keys)
			if !m.marks[m.keys[m.hand]] {
				break
			}
			delete(m.marks, m.keys[m.hand])
			m.hand++
		}
		m.keys = slices.Delete(m.keys, m.hand, m.hand+1)
		// Behind the newest the hand begins anew, before the newcomer is there.
		if m.hand == len(m.keys) {
			m.hand = 0
		}
	}
	m.keys = append(m.keys, key)
	return false
}

// lirsModel is the paper's algorithm with its stack and its queue.
type lirsModel struct {
	capacity, low int
	stack         []uint64 // bottom first: LIR, resident and other HIR
	queue         []uint64 // resident HIR, next to leave first
	lir           map[uint64]bool
}

func newLIRSModel(capacity int) *lirsModel {
	return &lirsModel{capacity: capacity, low: capacity - 1, lir: map[uint64]bool{}}
}

func (m *lirsModel) Request(key uint64, _ int64) bool {
	inStack := slices.Contains(m.stack, key)
	i := slices.Index(m.queue, key)
	switch {
	case m.lir[key]:
		m.top(key)
		return true
	case i >= 0:
		m.queue = slices.Delete(m.queue, i, i+1)
		m.place(key, inStack)
		return true
	case len(m.lir) < m.low && len(m.queue) == 0:
		m.place(key, true)
		return false
	}
	if len(m.lir)+len(m.queue) == m.capacity {
		if len(m.queue) > 0 {
			m.queue = m.queue[1:]
		}
	}
	m.place(key, inStack || len(m.lir) == 0 && m.low > 0)
	return false
}

// place puts a key on top of the stack, as LIR in exchange for the last one, or
// as HIR at the end of the queue.
func (m *lirsModel) place(key uint64, lir bool) {
	m.top(key)
	if !lir {
		m.queue = append(m.queue, key)
		return
	}
	m.lir[key] = true
	if len(m.lir) > m.low {
		bottom := m.stack[0]
		delete(m.lir, bottom)
		m.queue = append(m.queue, bottom)
		m.prune()
	}
}

func (m *lirsModel) top(key uint64) {
	if i := slices.Index(m.stack, key); i >= 0 {
		m.stack = slices.Delete(m.stack, i, i+1)
	}
	m.stack = append(m.stack, key)
	m.prune()
}

func (m *lirsModel) prune() {
	for len(m.lir) > 0 && !m.lir[m.stack[0]] {
		m.stack = m.stack[1:]
	}
}
