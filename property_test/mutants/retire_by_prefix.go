package mutants

var retireByPrefix = Mutant{
	Name:     "retireByPrefix",
	Defect:   "Retire looks at the first bytes of a version and forgets others too",
	Property: "versions",
	Break: func(c *Cache) {
		c.retire = func(v [32]byte) {
			c.forget(func(k Key) bool { return string(k.Version[:8]) == string(v[:8]) })
		}
	},
}
