package mutants

import (
	"context"
)

var errorForOne = Mutant{
	Name:     "errorForOne",
	Defect:   "only one of those who wait for a load gets its error, the others no value and no error",
	Property: "faults",
	Break: func(c *Cache) {
		told := map[*flight]bool{}
		c.await = func(ctx context.Context, f *flight) ([]float64, error) {
			v, err := c.awaitFlight(ctx, f)
			c.mu.Lock()
			defer c.mu.Unlock()
			if err == nil || ctx.Err() != nil {
				return v, err
			}
			if told[f] {
				return nil, nil
			}
			told[f] = true
			return v, err
		}
	},
}
