package mutants

import (
	"context"
)

var hitPaysTheLoad = Mutant{
	Name:     "hitPaysTheLoad",
	Defect:   "a hit loads too, to see whether its value is still right",
	Property: "keeps",
	Break: func(c *Cache) {
		c.get = func(ctx context.Context, k Key) ([]float64, error) {
			v, err := c.getValue(ctx, k)
			if err == nil {
				return c.load(ctx, k)
			}
			return v, err
		}
	},
}
