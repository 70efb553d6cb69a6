package mutants

var panicIsZero = Mutant{
	Name:     "panicIsZero",
	Defect:   "a panic of the loader becomes a value",
	Property: "faults",
	Break: func(c *Cache) {
		c.run = func(f *flight) {
			defer func() {
				recover()
				c.mu.Lock()
				defer c.mu.Unlock()
				c.finish(f)
				close(f.landed)
			}()
			f.value, f.err = c.load(f.ctx, f.key)
		}
	},
}
