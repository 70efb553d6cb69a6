package mutants

import (
	"time"
)

var janitorStays = Mutant{
	Name:     "janitorStays",
	Defect:   "a goroutine looks after the cache, and Close does not end it",
	Property: "leaks",
	Break: func(c *Cache) {
		go func() {
			for {
				time.Sleep(time.Minute)
				c.Len()
			}
		}()
	},
}
