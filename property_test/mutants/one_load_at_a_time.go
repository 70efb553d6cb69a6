package mutants

var oneLoadAtATime = Mutant{
	Name:     "oneLoadAtATime",
	Defect:   "a load waits until that of another key is over",
	Property: "waiters",
	Break: func(c *Cache) {
		turn := make(chan struct{}, 1)
		c.run = func(f *flight) {
			turn <- struct{}{}
			defer func() { <-turn }()
			c.runLoad(f)
		}
	},
}
