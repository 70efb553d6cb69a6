package mutants

var changeUnseen = Mutant{
	Name:     "changeUnseen",
	Defect:   "a value that a reader changed is handed to the next, and its digest is of its length alone",
	Property: "aliasing",
	Break: func(c *Cache) {
		c.print = func(v []float64) uint64 { return uint64(len(v)) }
	},
}
