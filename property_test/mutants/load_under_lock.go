package mutants

import (
	"context"
)

var loadUnderLock = Mutant{
	Name:     "loadUnderLock",
	Defect:   "the loader runs under the lock of the cache",
	Property: "waiters",
	Break: func(c *Cache) {
		c.get = func(ctx context.Context, k Key) ([]float64, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			if e := c.find(k); e != nil {
				c.use(e)
				return e.value, nil
			}
			v, err := c.load(ctx, k)
			if err == nil {
				c.put(k, v)
			}
			return v, err
		}
	},
}
