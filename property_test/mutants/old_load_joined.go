package mutants

import (
	"context"
)

var oldLoadJoined = Mutant{
	Name:     "oldLoadJoined",
	Defect:   "who asks after an invalidation joins a load from before it",
	Property: "races",
	Break: func(c *Cache) {
		var all []*flight
		c.start = func(ctx context.Context, k Key) *flight {
			f := c.startFlight(ctx, k)
			all = append(all, f)
			return f
		}
		c.finish = func(f *flight) {
			all = without(all, f)
			c.land(f)
		}
		c.join = func(k Key) *flight {
			for _, f := range all {
				if c.equal(f.key, k) && f.waiters > 0 {
					return f
				}
			}
			return nil
		}
	},
}
