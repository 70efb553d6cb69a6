package mutants

import (
	"strconv"
)

var keyJoined = Mutant{
	Name:     "keyJoined",
	Defect:   "fields of the key are joined to a string without their lengths",
	Property: "sequential",
	Break: func(c *Cache) {
		c.hash = func(k Key) uint64 { return uint64(len(k.Bundle) + len(strconv.Itoa(k.Window))) }
		c.equal = func(a, b Key) bool {
			return a.Version == b.Version && a.Adjusted == b.Adjusted &&
				a.Bundle+strconv.Itoa(a.Window) == b.Bundle+strconv.Itoa(b.Window)
		}
	},
}
