package mutants

var fieldIgnored = Mutant{
	Name:     "fieldIgnored",
	Defect:   "equality misses a field of the key",
	Property: "keys",
	Break: func(c *Cache) {
		c.equal = func(a, b Key) bool { return a.Bundle == b.Bundle && a.Version == b.Version && a.Window == b.Window }
	},
}
