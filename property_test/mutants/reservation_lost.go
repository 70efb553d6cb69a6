package mutants

var reservationLost = Mutant{
	Name:     "reservationLost",
	Defect:   "the room that was reserved for a load is not given back when it fails",
	Property: "bound",
	Break: func(c *Cache) {
		c.finish = func(f *flight) {
			c.land(f)
			if f.err != nil {
				c.bytes += Unit / 4
			}
		}
	},
}
