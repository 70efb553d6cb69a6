package mutants

import (
	"context"
)

var cannotLeave = Mutant{
	Name:     "cannotLeave",
	Defect:   "who waits for a load cannot leave before it ends",
	Property: "waiters",
	Break: func(c *Cache) {
		c.await = func(_ context.Context, f *flight) ([]float64, error) {
			<-f.landed
			return f.value, f.err
		}
	},
}
