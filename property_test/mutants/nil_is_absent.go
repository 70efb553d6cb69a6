package mutants

var nilIsAbsent = Mutant{
	Name:     "nilIsAbsent",
	Defect:   "a nil value is taken for none",
	Property: "zero",
	Break: func(c *Cache) {
		c.find = func(k Key) *entry {
			if e := c.findEntry(k); e != nil && e.value != nil {
				return e
			}
			return nil
		}
	},
}
