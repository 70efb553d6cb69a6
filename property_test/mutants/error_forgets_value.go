package mutants

var errorForgetsValue = Mutant{
	Name:     "errorForgetsValue",
	Defect:   "a load that fails forgets other values",
	Property: "keeps",
	Break: func(c *Cache) {
		c.finish = func(f *flight) {
			c.land(f)
			if f.err != nil && len(c.order) > 0 {
				c.remove(c.order[0])
			}
		}
	},
}
