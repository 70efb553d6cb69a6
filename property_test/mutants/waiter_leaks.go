package mutants

import (
	"context"
)

var waiterLeaks = Mutant{
	Name:     "waiterLeaks",
	Defect:   "for who leaves a goroutine waits on, to hand the value to nobody",
	Property: "leaks",
	Break: func(c *Cache) {
		c.await = func(ctx context.Context, f *flight) ([]float64, error) {
			landed := make(chan struct{})
			go func() {
				<-f.landed
				landed <- struct{}{}
			}()
			select {
			case <-landed:
				return f.value, f.err
			case <-ctx.Done():
				c.mu.Lock()
				defer c.mu.Unlock()
				c.leave(f)
				return nil, ctx.Err()
			}
		}
	},
}
