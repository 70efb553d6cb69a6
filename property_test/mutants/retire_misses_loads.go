package mutants

import (
	"slices"
)

var retireMissesLoads = Mutant{
	Name:     "retireMissesLoads",
	Defect:   "Retire forgets what is there and not what is being loaded",
	Property: "races",
	Break: func(c *Cache) {
		c.retire = func(v [32]byte) {
			for _, e := range slices.Clone(c.order) {
				if e.key.Version == v {
					c.remove(e)
				}
			}
		}
	},
}
