package mutants

var emptyIsNil = Mutant{
	Name:     "emptyIsNil",
	Defect:   "an empty value comes back as nil",
	Property: "zero",
	Break: func(c *Cache) {
		c.put = func(k Key, v []float64) { c.putValue(k, append([]float64(nil), v...)) }
	},
}
