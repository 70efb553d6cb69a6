package mutants

var lastWriteLost = Mutant{
	Name:     "lastWriteLost",
	Defect:   "of two values set one after the other the first stays",
	Property: "sequential",
	Break: func(c *Cache) {
		var last *entry
		c.set = func(k Key, v []float64) {
			if e := c.find(k); e != nil && e == last {
				return
			}
			c.setValue(k, v)
			last = c.find(k)
		}
	},
}
