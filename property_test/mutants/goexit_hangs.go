package mutants

import (
	"fmt"
)

var goexitHangs = Mutant{
	Name:     "goexitHangs",
	Defect:   "after a Goexit in the loader its callers wait for ever",
	Property: "faults",
	Break: func(c *Cache) {
		c.run = func(f *flight) {
			landed := false
			defer func() {
				if p := recover(); p != nil || landed {
					f.err = fmt.Errorf("the load panicked: %v", p)
					if landed {
						f.err = nil
					}
					c.mu.Lock()
					defer c.mu.Unlock()
					c.finish(f)
					close(f.landed)
				}
			}()
			v, err := c.load(f.ctx, f.key)
			if err != nil {
				panic(err)
			}
			f.value, landed = v, true
		}
	},
}
