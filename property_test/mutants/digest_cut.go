package mutants

var digestCut = Mutant{
	Name:     "digestCut",
	Defect:   "only the first 8 bytes of a digest are compared",
	Property: "keys",
	Break: func(c *Cache) {
		c.hash = func(k Key) uint64 { clear(k.Version[8:]); return hash(k) }
		c.equal = func(a, b Key) bool {
			clear(a.Version[8:])
			clear(b.Version[8:])
			return a == b
		}
	},
}
