package mutants

var peeksCounted = Mutant{
	Name:     "peeksCounted",
	Defect:   "to look at the cache counts as a hit",
	Property: "statistics",
	Break: func(c *Cache) {
		c.find = func(k Key) *entry {
			e := c.findEntry(k)
			if e != nil {
				c.stats.Hits++
			}
			return e
		}
		c.use = func(e *entry) {
			c.noteUse(e)
			c.stats.Hits--
		}
	},
}
