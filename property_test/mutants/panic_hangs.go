package mutants

var panicHangs = Mutant{
	Name:     "panicHangs",
	Defect:   "after a panic of the loader its callers wait for ever",
	Property: "faults",
	Break: func(c *Cache) {
		c.run = func(f *flight) {
			defer func() { recover() }()
			f.value, f.err = c.load(f.ctx, f.key)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.finish(f)
			close(f.landed)
		}
	},
}
