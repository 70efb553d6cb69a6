package mutants

var versionIgnored = Mutant{
	Name:     "versionIgnored",
	Defect:   "the key names the bundle and not what is in it",
	Property: "keys",
	Break: func(c *Cache) {
		c.hash = func(k Key) uint64 { k.Version = [32]byte{}; return hash(k) }
		c.equal = func(a, b Key) bool { return a.Bundle == b.Bundle && a.Window == b.Window && a.Adjusted == b.Adjusted }
	},
}
