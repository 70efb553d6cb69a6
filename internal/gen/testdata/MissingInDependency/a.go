package missingindependency

import "example.com/cases/missingindependency/dep"

type Asset struct {
	Symbol string
	Kind   dep.Kind
}

// Key has a field of a package that does not compile before it is generated itself.
//
//optcache:list of=Asset
type Key struct {
	ID dep.ID
}
