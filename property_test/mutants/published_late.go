package mutants

import (
	"time"
)

var publishedLate = Mutant{
	Name:     "publishedLate",
	Defect:   "a load is over some time before its value can be found",
	Property: "once",
	Break: func(c *Cache) {
		c.finish = func(f *flight) {
			if c.stats.Loads++; f.err != nil {
				c.stats.LoadErrors++
			}
			if !c.listed(f) {
				return
			}
			c.flights = without(c.flights, f)
			go func() {
				time.Sleep(time.Millisecond)
				c.mu.Lock()
				defer c.mu.Unlock()
				if f.err == nil {
					c.put(f.key, f.value)
				}
			}()
		}
	},
}
