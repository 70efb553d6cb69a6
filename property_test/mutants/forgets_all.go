package mutants

var forgetsAll = Mutant{
	Name:     "forgetsAll",
	Defect:   "to invalidate one key forgets all",
	Property: "keeps",
	Break: func(c *Cache) {
		c.forget = func(func(Key) bool) { c.forgetAll(func(Key) bool { return true }) }
	},
}
