package mutants

import (
	"github.com/bmadventure/optcache/property_test"
)

var clearResetsCounts = Mutant{
	Name:     "clearResetsCounts",
	Defect:   "Clear forgets the statistics too",
	Property: "statistics",
	Break: func(c *Cache) {
		c.clear = func() {
			c.forget(func(Key) bool { return true })
			c.stats = propertytest.Counts{}
		}
	},
}
