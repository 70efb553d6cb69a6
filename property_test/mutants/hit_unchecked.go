package mutants

var hitUnchecked = Mutant{
	Name:     "hitUnchecked",
	Defect:   "the digest of a value is checked when it comes and never again",
	Property: "aliasing",
	Break: func(c *Cache) {
		c.check = func(*entry) {}
	},
}
