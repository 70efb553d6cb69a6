package mutants

var oversizeLeavesOld = Mutant{
	Name:     "oversizeLeavesOld",
	Defect:   "a value that is too large is refused, and the old one stays",
	Property: "oversize",
	Break: func(c *Cache) {
		c.set = func(k Key, v []float64) {
			if c.size(k, v) <= c.limit() {
				c.setValue(k, v)
			}
		}
	},
}
