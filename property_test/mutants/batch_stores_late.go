package mutants

import (
	"context"
)

var batchStoresLate = Mutant{
	Name:     "batchStoresLate",
	Defect:   "a batch stores all its values at its end, whatever was invalidated meanwhile",
	Property: "races",
	Break: func(c *Cache) {
		c.getMany = func(ctx context.Context, keys []Key) ([][]float64, error) {
			values, err := c.getEach(ctx, keys)
			c.mu.Lock()
			defer c.mu.Unlock()
			for i, v := range values {
				c.put(keys[i], v)
			}
			return values, err
		}
	},
}
