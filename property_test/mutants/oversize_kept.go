package mutants

var oversizeKept = Mutant{
	Name:     "oversizeKept",
	Defect:   "a value larger than the cache is kept",
	Property: "oversize",
	Break: func(c *Cache) {
		c.room = func(need int64) bool {
			if need > c.limit() {
				return true
			}
			return c.makeRoom(need)
		}
	},
}
