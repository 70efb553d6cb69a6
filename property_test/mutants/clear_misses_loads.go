package mutants

var clearMissesLoads = Mutant{
	Name:     "clearMissesLoads",
	Defect:   "Clear forgets what is there and not what is being loaded",
	Property: "races",
	Break: func(c *Cache) {
		c.clear = func() {
			for len(c.order) > 0 {
				c.remove(c.order[0])
			}
		}
	},
}
