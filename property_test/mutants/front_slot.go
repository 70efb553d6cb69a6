package mutants

var frontSlot = Mutant{
	Name:     "frontSlot",
	Defect:   "what was asked for often is kept in a slot in front, which no invalidation empties",
	Property: "sequential",
	Break: func(c *Cache) {
		asked := map[Key]int{}
		var front *entry
		c.find = func(k Key) *entry {
			if front != nil && c.equal(front.key, k) {
				return front
			}
			e := c.findEntry(k)
			if asked[k]++; e != nil && asked[k] > 3 {
				front = e
			}
			return e
		}
	},
}
