package mutants

var updateKeepsAge = Mutant{
	Name:     "updateKeepsAge",
	Defect:   "a new value is as old as the one it replaces",
	Property: "expiry",
	Expires:  true,
	Break: func(c *Cache) {
		c.set = func(k Key, v []float64) {
			old := c.find(k)
			c.setValue(k, v)
			if e := c.find(k); e != nil && old != nil {
				e.came = old.came
			}
		}
	},
}
