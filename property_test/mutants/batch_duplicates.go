package mutants

import (
	"context"
)

var batchDuplicates = Mutant{
	Name:     "batchDuplicates",
	Defect:   "of a key that a batch names twice only the first has a value",
	Property: "batch",
	Break: func(c *Cache) {
		c.getMany = func(ctx context.Context, keys []Key) ([][]float64, error) {
			values, err := c.getEach(ctx, keys)
			seen := map[Key]bool{}
			for i, k := range keys {
				if seen[k] && err == nil {
					values[i] = nil
				}
				seen[k] = true
			}
			return values, err
		}
	},
}
