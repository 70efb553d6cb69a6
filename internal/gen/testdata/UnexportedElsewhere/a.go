//gen: o=../elsewhere/unexported.go

package unexportedelsewhere

type Asset struct {
	id     uint64
	Symbol string
}

//optcache:list of=Asset cache=Cache
type Key struct {
	name string
	Num  int
}

//optcache:grouped by=symbol
type Row struct {
	symbol string
	Price  float64
}

//optcache:params
type Params struct {
	n int `optcache:"1:2"`
}
