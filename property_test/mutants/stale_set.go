package mutants

var staleSet = Mutant{
	Name:     "staleSet",
	Defect:   "a load that was overtaken by an invalidation fills the cache all the same",
	Property: "races",
	Break: func(c *Cache) {
		c.listed = func(*flight) bool { return true }
	},
}
