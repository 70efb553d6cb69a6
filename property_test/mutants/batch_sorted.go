package mutants

import (
	"context"
)

var batchSorted = Mutant{
	Name:     "batchSorted",
	Defect:   "a batch returns what was there before what was loaded",
	Property: "batch",
	Break: func(c *Cache) {
		c.getMany = func(ctx context.Context, keys []Key) ([][]float64, error) {
			var there, loaded []Key
			for _, k := range keys {
				if _, ok := c.Peek(k); ok {
					there = append(there, k)
				} else {
					loaded = append(loaded, k)
				}
			}
			return c.getEach(ctx, append(there, loaded...))
		}
	},
}
