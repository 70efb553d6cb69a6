package mutants

var pinsNotCounted = Mutant{
	Name:     "pinsNotCounted",
	Defect:   "the bytes of what is pinned vanish from the budget",
	Property: "pins",
	Break: func(c *Cache) {
		c.pin = func(e *entry) func() {
			release := c.pinEntry(e)
			c.bytes -= e.size
			e.size = 0
			return release
		}
	},
}
