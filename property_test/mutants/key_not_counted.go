package mutants

var keyNotCounted = Mutant{
	Name:     "keyNotCounted",
	Defect:   "the bytes of keys are not counted",
	Property: "bound",
	Break: func(c *Cache) {
		c.size = func(_ Key, v []float64) int64 { return int64(8 * len(v)) }
	},
}
