package mutants

var panicKills = Mutant{
	Name:     "panicKills",
	Defect:   "a panic of the loader ends the process",
	Property: "faults",
	Dies:     true,
	Break: func(c *Cache) {
		c.run = func(f *flight) {
			f.err = errGone
			defer func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.finish(f)
				close(f.landed)
			}()
			f.value, f.err = c.load(f.ctx, f.key)
		}
	},
}
