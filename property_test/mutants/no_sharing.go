package mutants

var noSharing = Mutant{
	Name:     "noSharing",
	Defect:   "each who asks while a load is under way begins one more",
	Property: "once",
	Break: func(c *Cache) {
		c.join = func(Key) *flight { return nil }
	},
}
