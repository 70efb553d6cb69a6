package mutants

var retireForEver = Mutant{
	Name:     "retireForEver",
	Defect:   "nothing of a retired version is ever kept again",
	Property: "versions",
	Break: func(c *Cache) {
		retired := map[[32]byte]bool{}
		c.retire = func(v [32]byte) {
			retired[v] = true
			c.forget(func(k Key) bool { return k.Version == v })
		}
		c.put = func(k Key, v []float64) {
			if !retired[k.Version] {
				c.putValue(k, v)
			}
		}
	},
}
