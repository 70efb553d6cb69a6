package mutants

import (
	"time"
)

var hitsProlongLife = Mutant{
	Name:     "hitsProlongLife",
	Defect:   "a life that begins with the value is prolonged by hits",
	Property: "expiry",
	Expires:  true,
	Break: func(c *Cache) {
		c.use = func(e *entry) {
			c.noteUse(e)
			e.came = time.Now()
		}
	},
}
