package mutants

var overwriteCountsTwice = Mutant{
	Name:     "overwriteCountsTwice",
	Defect:   "the size of a value that is replaced is not taken off",
	Property: "bound",
	Break: func(c *Cache) {
		c.set = func(k Key, v []float64) {
			if old := c.find(k); old != nil {
				c.bytes += old.size
			}
			c.setValue(k, v)
		}
	},
}
