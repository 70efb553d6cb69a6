package mutants

var windowCut = Mutant{
	Name:     "windowCut",
	Defect:   "the key keeps part of a field: the day and not the time",
	Property: "keys",
	Break: func(c *Cache) {
		c.hash = func(k Key) uint64 { k.Window = int(int32(k.Window)); return hash(k) }
		c.equal = func(a, b Key) bool {
			a.Window, b.Window = int(int32(a.Window)), int(int32(b.Window))
			return a == b
		}
	},
}
