package mutants

var onePinForAll = Mutant{
	Name:     "onePinForAll",
	Defect:   "the first release of a pin releases all",
	Property: "pins",
	Break: func(c *Cache) {
		c.pin = func(e *entry) func() {
			e.pins = 1
			return func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				e.pins = 0
			}
		}
	},
}
