package mutants

import (
	"time"
)

var oldTimer = Mutant{
	Name:     "oldTimer",
	Defect:   "the timer of a value that was replaced removes the one that replaced it",
	Property: "expiry",
	Expires:  true,
	Break: func(c *Cache) {
		c.put = func(k Key, v []float64) {
			c.putValue(k, v)
			if c.life > 0 {
				time.AfterFunc(c.life, func() {
					c.mu.Lock()
					defer c.mu.Unlock()
					for _, e := range c.entries[c.hash(k)] {
						if c.equal(e.key, k) {
							c.remove(e)
						}
					}
				})
			}
		}
	},
}
