package mutants

var fifo = Mutant{
	Name:     "fifo",
	Defect:   "a cache that promises to drop the least recently used drops the oldest",
	Property: "order",
	Break: func(c *Cache) {
		c.use = func(e *entry) {
			c.stats.Hits++
			c.check(e)
		}
	},
}
