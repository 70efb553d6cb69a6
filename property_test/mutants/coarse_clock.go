package mutants

import (
	"time"
)

var coarseClock = Mutant{
	Name:     "coarseClock",
	Defect:   "time is read from a clock that ticks seldom",
	Property: "expiry",
	Expires:  true,
	Break: func(c *Cache) {
		c.expired = func(e *entry) bool { return c.life > 0 && time.Since(e.came) > c.life+c.life/5 }
	},
}
