package mutants

var evictedBack = Mutant{
	Name:     "evictedBack",
	Defect:   "what is forgotten while it is not the newest comes back from a second list",
	Property: "sequential",
	Break: func(c *Cache) {
		var second *entry
		c.remove = func(e *entry) {
			c.removeEntry(e)
			second = e
		}
		c.put = func(k Key, v []float64) {
			c.putValue(k, v)
			if second != nil && !c.equal(second.key, k) && c.find(second.key) == nil && c.bytes+second.size <= c.limit() {
				c.putValue(second.key, second.value)
			}
		}
	},
}
