package mutants

var pinEvicted = Mutant{
	Name:     "pinEvicted",
	Defect:   "who is pinned is evicted all the same",
	Property: "pins",
	Break: func(c *Cache) {
		c.victim = func() *entry { return c.order[0] }
	},
}
