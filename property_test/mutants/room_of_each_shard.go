package mutants

var roomOfEachShard = Mutant{
	Name:     "roomOfEachShard",
	Defect:   "each shard has the room of the whole",
	Property: "bound",
	Break: func(c *Cache) {
		shard := 0
		c.put = func(k Key, v []float64) {
			shard = len(k.Bundle) % 2
			c.putValue(k, v)
		}
		c.room = func(need int64) bool {
			var held int64
			for _, e := range c.order {
				if len(e.key.Bundle)%2 == shard {
					held += e.size
				}
			}
			others := c.bytes - held
			c.bytes -= others
			defer func() { c.bytes += others }()
			return c.makeRoom(need)
		}
	},
}
