// Package policytest checks that a cache policy keeps the contract of
// [policy.Policy], and runs policies in the simplest cache there is.
//
// A policy of one's own needs one line of test:
//
//	func TestMRU(t *testing.T) { policytest.Run(t, NewMRU) }
package policytest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/policy"
)

const (
	sequences = 300 // that Check tries
	longest   = 400 // operations in a sequence
)

// Run fails the test if [Check] finds something wrong.
func Run(t *testing.T, newPolicy func() policy.Policy) {
	t.Helper()
	if err := Check(newPolicy); err != nil {
		t.Fatal(err)
	}
}

// Check runs new policies through random sequences of requests, sets of other
// sizes, deletions, pins, resizes and nominations that are dropped, the same
// sequences in every call, and returns an error if a policy
//
//   - nominates an entry that it does not hold, or one twice,
//   - nominates a pinned entry,
//   - nominates less than was asked for while it holds more, or nobody at all,
//   - loses what was nominated before,
//   - refuses where there is no newcomer, or nominates together with a refusal,
//   - forgets an entry,
//   - does not do the same again when the same happens again, or
//   - panics.
//
// The error shows the shortest sequence found that goes wrong.
func Check(newPolicy func() policy.Policy) error {
	for seed := range uint64(sequences) {
		ops := randomOps(rand.New(rand.NewPCG(seed, 1)))
		if err := replayTwice(newPolicy, ops); err != nil {
			ops, err = shorten(newPolicy, ops, err)
			return fmt.Errorf("checking policy: %w, after\n%s(sequence %d)", err, describe(ops), seed)
		}
	}
	return nil
}

// An op is one operation on a cache. Its meaning depends on its kind; numbers
// are bytes.
type op struct {
	kind   kind
	key    uint64
	number int64
}

type kind uint8

const (
	request  kind = iota // ask for key, of size number
	remove               // delete key
	pin                  // pin key, or release it if it is pinned
	evict                // evict number bytes
	nominate             // nominate for number bytes, and drop the nomination
	resize               // resize to number
	kinds
)

func (o op) String() string {
	switch o.kind {
	case request:
		return fmt.Sprintf("request key %d of size %d", o.key, o.number)
	case remove:
		return fmt.Sprintf("delete key %d", o.key)
	case pin:
		return fmt.Sprintf("pin or release key %d", o.key)
	case evict:
		return fmt.Sprintf("evict %d bytes", o.number)
	case nominate:
		return fmt.Sprintf("nominate for %d bytes, drop it", o.number)
	default:
		return fmt.Sprintf("resize to %d", o.number)
	}
}

func describe(ops []op) string {
	var b strings.Builder
	for _, o := range ops {
		fmt.Fprintf(&b, "\t%v\n", o)
	}
	return b.String()
}

// randomOps draws a sequence that begins with a size: mostly requests, with keys
// that fit into the cache or not, of one size or several.
func randomOps(r *rand.Rand) []op {
	capacity := 1 + r.Int64N(200)
	keys := 1 + r.Uint64N(60)
	largest := 1 + r.Int64N(max(capacity/3, 1))
	others := r.IntN(30) // per cent of operations that are no requests
	size := func(key uint64) int64 {
		if r.IntN(20) == 0 {
			return 1 + r.Int64N(largest)
		}
		return 1 + int64(key)%largest
	}
	ops := []op{{kind: resize, number: capacity}}
	for range r.IntN(longest) {
		o := op{kind: request, key: r.Uint64N(keys)}
		if r.IntN(2) == 0 {
			o.key = r.Uint64N(o.key + 1) // some are asked for more often
		}
		o.number = size(o.key)
		if r.IntN(100) < others {
			o.kind = remove + kind(r.IntN(int(kinds-remove)))
		}
		switch o.kind {
		case evict, nominate:
			o.number = r.Int64N(capacity+10) - 5
		case resize:
			o.number = 1 + r.Int64N(2*capacity)
		}
		ops = append(ops, o)
	}
	return ops
}

// replayTwice reports what goes wrong with ops, or that the second time went
// another way than the first.
func replayTwice(newPolicy func() policy.Policy, ops []op) error {
	first, err := replay(newPolicy(), ops)
	if err != nil {
		return err
	}
	second, err := replay(newPolicy(), ops)
	if err != nil {
		return err
	}
	if !slices.Equal(first, second) {
		return errors.New("a new policy does not evict the same entries when the same happens again")
	}
	return nil
}

// shorten leaves out operations for as long as something goes wrong without
// them.
func shorten(newPolicy func() policy.Policy, ops []op, err error) ([]op, error) {
	for part := len(ops) / 2; part > 0; {
		shorter := false
		for at := 1; at+part <= len(ops); {
			candidate := slices.Concat(ops[:at], ops[at+part:])
			if e := replayTwice(newPolicy, candidate); e != nil {
				ops, err, shorter = candidate, e, true
			} else {
				at += part
			}
		}
		if !shorter {
			part /= 2
		}
	}
	return ops, err
}

// replay applies ops to a cache of the policy, evicts everything in the end, and
// returns the hashes of those who left and were refused, in order.
func replay(p policy.Policy, ops []op) (left []uint64, err error) {
	defer func() {
		if r := recover(); r != nil {
			broken, ok := r.(contractError)
			if !ok {
				broken = contractError(fmt.Sprintf("policy panics: %v", r))
			}
			err = broken
		}
	}()
	c := NewCache(p, ops[0].number)
	c.log = true
	for _, o := range ops[1:] {
		c.apply(o)
	}
	c.evict(c.used + 1)
	c.nobodyLeft()
	return c.left, nil
}

// apply does one operation.
func (c *Cache) apply(o op) {
	e := c.entries[Hash(o.key)]
	switch o.kind {
	case request:
		if c.pinned[Hash(o.key)] == nil {
			c.Request(o.key, o.number)
		}
	case remove:
		if e != nil {
			c.remove(e, policy.Deleted)
		}
	case pin:
		c.pin(Hash(o.key))
	case evict:
		c.evict(o.number)
	case nominate:
		c.nominate(nil, o.number)
	case resize:
		c.capacity = o.number
		c.policy.Resize(o.number)
		if over := c.used - c.capacity; over > 0 {
			c.evict(over)
		}
	}
}

// pin takes an entry out of the policy, or brings it back if there is room.
func (c *Cache) pin(hash uint64) {
	if e := c.pinned[hash]; e != nil {
		delete(c.pinned, hash)
		c.add(e)
		return
	}
	if e := c.entries[hash]; e != nil {
		c.remove(e, policy.Pinned)
		c.pinned[hash] = e
	}
}
