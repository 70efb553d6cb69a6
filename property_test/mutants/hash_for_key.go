package mutants

var hashForKey = Mutant{
	Name:     "hashForKey",
	Defect:   "keys with equal hashes are taken for equal",
	Property: "keys",
	Break: func(c *Cache) {
		c.equal = func(a, b Key) bool { return c.hash(a) == c.hash(b) }
	},
}
