package mutants

import (
	"context"
)

var lostUpdate = Mutant{
	Name:     "lostUpdate",
	Defect:   "a count is read before a load and written after it",
	Property: "once",
	Break: func(c *Cache) {
		c.await = func(ctx context.Context, f *flight) ([]float64, error) {
			c.mu.Lock()
			before := c.stats.Loads
			c.mu.Unlock()
			v, err := c.awaitFlight(ctx, f)
			c.mu.Lock()
			c.stats.Loads = before + 1
			c.mu.Unlock()
			return v, err
		}
	},
}
