package mutants

var oneTooMany = Mutant{
	Name:     "oneTooMany",
	Defect:   "one more is kept than there is room for",
	Property: "bound",
	Break: func(c *Cache) {
		c.room = func(need int64) bool {
			c.capacity++
			defer func() { c.capacity-- }()
			return c.makeRoom(need)
		}
	},
}
