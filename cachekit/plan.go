package cachekit

import (
	"iter"

	"github.com/bmadventure/optcache/policy"
)

// Expect tells the policy which keys will be asked for from now on, in their order, and
// reports whether it wants to know: a [policy.Planner] does, such as
// [policy.NewPlanned]; for others keys is not called. What was expected before is forgotten. A
// wrong plan changes no answer, only who leaves a full cache.
//
// While there is a plan the policy learns of each hit at once, under the lock, so that it knows how far
// the plan has come. An empty plan ends that.
func (c *Cache[K, V]) Expect(keys iter.Seq[K]) bool {
	p, ok := c.policy.(policy.Planner)
	if !ok {
		return false
	}
	var hashes []uint64
	for key := range keys {
		hashes = append(hashes, c.hashOf(&key))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUp()
	p.Expect(hashes)
	switch {
	case !c.planned: // it is told of each hit anyway
	case len(hashes) > 0:
		c.sample.want(allHits, c.counted)
	default:
		c.sample.want(noHit, c.counted)
	}
	return true
}
