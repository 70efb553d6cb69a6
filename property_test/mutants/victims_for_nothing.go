package mutants

var victimsForNothing = Mutant{
	Name:     "victimsForNothing",
	Defect:   "victims leave for a newcomer that is then refused",
	Property: "bound",
	Break: func(c *Cache) {
		c.room = func(need int64) bool {
			free := c.limit() - c.bytes
			ok := c.makeRoom(need)
			return ok && need <= free+Unit/2
		}
	},
}
