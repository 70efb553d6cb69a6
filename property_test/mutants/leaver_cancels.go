package mutants

var leaverCancels = Mutant{
	Name:     "leaverCancels",
	Defect:   "the first who leaves ends the load of all who wait for it",
	Property: "waiters",
	Break: func(c *Cache) {
		c.leave = func(f *flight) {
			c.flights = without(c.flights, f)
			f.cancel()
		}
	},
}
