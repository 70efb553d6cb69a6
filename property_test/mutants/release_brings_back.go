package mutants

var releaseBringsBack = Mutant{
	Name:     "releaseBringsBack",
	Defect:   "the release of a pin brings back what was forgotten meanwhile",
	Property: "pins",
	Break: func(c *Cache) {
		c.pin = func(e *entry) func() {
			release := c.pinEntry(e)
			return func() {
				release()
				c.mu.Lock()
				defer c.mu.Unlock()
				c.put(e.key, e.value)
			}
		}
	},
}
