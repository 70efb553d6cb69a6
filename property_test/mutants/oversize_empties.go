package mutants

var oversizeEmpties = Mutant{
	Name:     "oversizeEmpties",
	Defect:   "all are evicted for a value that does not fit even then",
	Property: "oversize",
	Break: func(c *Cache) {
		c.room = func(need int64) bool {
			for len(c.order) > 0 && c.bytes+need > c.limit() {
				c.remove(c.victim())
				c.stats.Evictions++
			}
			return c.makeRoom(need)
		}
	},
}
