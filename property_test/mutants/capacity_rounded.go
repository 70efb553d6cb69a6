package mutants

var capacityRounded = Mutant{
	Name:     "capacityRounded",
	Defect:   "the capacity is rounded up to a power of two",
	Property: "bound",
	Break: func(c *Cache) {
		c.room = func(need int64) bool {
			asked := c.capacity
			defer func() { c.capacity = asked }()
			for c.capacity&(c.capacity-1) != 0 {
				c.capacity++
			}
			return c.makeRoom(need)
		}
	},
}
