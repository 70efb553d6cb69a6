package mutants

var neighbourRemoved = Mutant{
	Name:     "neighbourRemoved",
	Defect:   "of two keys with equal hashes the wrong one is removed",
	Property: "sequential",
	Break: func(c *Cache) {
		c.remove = func(e *entry) {
			h := c.hash(e.key)
			c.entries[h] = c.entries[h][min(1, len(c.entries[h])):]
			c.order = without(c.order, e)
			c.bytes -= e.size
		}
	},
}
