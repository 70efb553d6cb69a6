package mutants

var errorsNotCounted = Mutant{
	Name:     "errorsNotCounted",
	Defect:   "a load that failed counts as no load",
	Property: "statistics",
	Break: func(c *Cache) {
		c.finish = func(f *flight) {
			c.land(f)
			if f.err != nil {
				c.stats.Loads--
			}
		}
	},
}
