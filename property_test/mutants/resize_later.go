package mutants

var resizeLater = Mutant{
	Name:     "resizeLater",
	Defect:   "a smaller capacity holds only when the next value comes",
	Property: "bound",
	Break: func(c *Cache) {
		c.resize = func(capacity int) { c.capacity = capacity }
	},
}
