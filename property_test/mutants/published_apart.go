package mutants

import "runtime"

var publishedApart = Mutant{
	Name:     "publishedApart",
	Defect:   "a load leaves the list of loads under the lock, and its value enters under the lock taken once more",
	Property: "stress",
	Break: func(c *Cache) {
		c.finish = func(f *flight) {
			wanted := c.listed(f)
			c.flights = without(c.flights, f)
			if c.stats.Loads++; f.err != nil {
				c.stats.LoadErrors++
			}
			c.mu.Unlock()
			runtime.Gosched()
			c.mu.Lock()
			if wanted && f.err == nil {
				c.put(f.key, f.value)
			}
		}
	},
}
