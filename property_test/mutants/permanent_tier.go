package mutants

var permanentTier = Mutant{
	Name:     "permanentTier",
	Defect:   "what is asked for often moves to a tier that nobody counts",
	Property: "bound",
	Break: func(c *Cache) {
		hits := map[*entry]int{}
		c.use = func(e *entry) {
			c.noteUse(e)
			if hits[e]++; hits[e] == 3 {
				c.bytes -= e.size
				e.size = 0
			}
		}
	},
}
