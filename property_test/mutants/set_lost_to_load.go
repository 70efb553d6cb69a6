package mutants

var setLostToLoad = Mutant{
	Name:     "setLostToLoad",
	Defect:   "a load that began before Set replaces the value that was set",
	Property: "races",
	Break: func(c *Cache) {
		c.set = c.put
	},
}
