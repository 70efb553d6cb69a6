package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

var byName = map[string]func() Policy{
	"adaptive":  NewAdaptive,
	"arc":       NewARC,
	"clock":     NewCLOCK,
	"clocklirs": NewClockLIRS,
	"fifo":      NewFIFO,
	"gdsf":      NewGDSF,
	"lirs":      NewLIRS,
	"lru":       NewLRU,
	"planned":   NewPlanned,
	"s3fifo":    NewS3FIFO,
	"sieve":     NewSIEVE,
	"wtinylfu":  NewWTinyLFU,
}

// ByName returns a new policy by the word by which a configuration chooses it:
// adaptive, arc, clock, clocklirs, fifo, gdsf, lirs, lru, planned, s3fifo, sieve or
// wtinylfu. The error of any other name lists them. It may be called
// concurrently.
func ByName(name string) (Policy, error) {
	construct, ok := byName[name]
	if !ok {
		return nil, fmt.Errorf("choosing cache policy %q: there is none of this name; use one of %s",
			name, strings.Join(slices.Sorted(maps.Keys(byName)), ", "))
	}
	return construct(), nil
}
