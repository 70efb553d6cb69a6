package mutants

import (
	"context"
)

var batchLoadsTwice = Mutant{
	Name:     "batchLoadsTwice",
	Defect:   "a batch loads a key as often as it names it",
	Property: "batch",
	Break: func(c *Cache) {
		c.getMany = func(ctx context.Context, keys []Key) ([][]float64, error) {
			values := make([][]float64, len(keys))
			for i, k := range keys {
				c.Invalidate(k)
				v, err := c.get(ctx, k)
				if err != nil {
					return nil, err
				}
				values[i] = v
			}
			return values, nil
		}
	},
}
