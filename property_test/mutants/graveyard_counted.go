package mutants

var graveyardCounted = Mutant{
	Name:     "graveyardCounted",
	Defect:   "what left still counts as an entry",
	Property: "bound",
	Break: func(c *Cache) {
		c.length = func() int { return len(c.entries) }
	},
}
