package mutants

import (
	"context"
)

var notLocked = Mutant{
	Name:     "notLocked",
	Defect:   "the cache is read without its lock",
	Property: "stress",
	Dies:     true,
	Break: func(c *Cache) {
		c.get = func(ctx context.Context, k Key) ([]float64, error) {
			if e := c.find(k); e != nil {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.use(e)
				return e.value, nil
			}
			return c.getValue(ctx, k)
		}
	},
}
