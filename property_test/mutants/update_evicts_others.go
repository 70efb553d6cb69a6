package mutants

var updateEvictsOthers = Mutant{
	Name:     "updateEvictsOthers",
	Defect:   "room is made for a new value before the old one gives its own",
	Property: "bound",
	Break: func(c *Cache) {
		c.set = func(k Key, v []float64) {
			c.room(c.size(k, v))
			c.setValue(k, v)
		}
	},
}
