//gen: o=out/generated.go

package otherpackage

import "time"

type Asset struct {
	Symbol string
	Born   time.Time
}

//optcache:list of=Asset cache=Cache
type Key struct{ Name string }

//optcache:params
type Params struct {
	N int `optcache:"1:9:2"`
}

// Valid says which parameters are tried.
func (p *Params) Valid() bool { return p.N != 5 }
