package mutants

var narrowSize = Mutant{
	Name:     "narrowSize",
	Defect:   "sizes are kept in a number too narrow for them",
	Property: "oversize",
	Break: func(c *Cache) {
		c.size = func(k Key, v []float64) int64 { return int64(uint8(size(k, v))) }
	},
}
