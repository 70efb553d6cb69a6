package mutants

var updateKeepsSize = Mutant{
	Name:     "updateKeepsSize",
	Defect:   "a value that is replaced is counted with the size of the old one",
	Property: "bound",
	Break: func(c *Cache) {
		c.set = func(k Key, v []float64) {
			if e := c.find(k); e != nil {
				e.value, e.print = v, c.print(v)
				return
			}
			c.setValue(k, v)
		}
	},
}
