package mutants

import (
	"context"
)

var firstCallersContext = Mutant{
	Name:     "firstCallersContext",
	Defect:   "a load gets the context of the first who asked, and ends with it",
	Property: "waiters",
	Break: func(c *Cache) {
		c.start = func(ctx context.Context, k Key) *flight {
			f := &flight{key: k, landed: make(chan struct{})}
			f.ctx, f.cancel = context.WithCancel(ctx)
			c.flights = append(c.flights, f)
			go c.run(f)
			return f
		}
	},
}
