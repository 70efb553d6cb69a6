package mutants

import (
	"context"
)

var batchSwallowsError = Mutant{
	Name:     "batchSwallowsError",
	Defect:   "a batch leaves out what failed, and says nothing",
	Property: "batch",
	Break: func(c *Cache) {
		c.getMany = func(ctx context.Context, keys []Key) ([][]float64, error) {
			values := make([][]float64, len(keys))
			for i, k := range keys {
				values[i], _ = c.get(ctx, k)
			}
			return values, nil
		}
	},
}
