package mutants

import (
	"context"
)

var cachedError = Mutant{
	Name:     "cachedError",
	Defect:   "an error is kept like a value",
	Property: "sequential",
	Break: func(c *Cache) {
		failed := map[Key]error{}
		c.finish = func(f *flight) {
			failed[f.key] = f.err
			c.land(f)
		}
		c.get = func(ctx context.Context, k Key) ([]float64, error) {
			c.mu.Lock()
			err := failed[k]
			c.mu.Unlock()
			if err != nil {
				return nil, err
			}
			return c.getValue(ctx, k)
		}
	},
}
