package mistakes

//optcache:lists of=Asset
type A struct{ Name string }

//optcache:list off=Asset cache=
type B struct{ Name string }

// optcache:list of=Asset
type C struct{ Name string }

//optcache:list of=Aset
//optcache:list of=other.Asset
type D struct{ Name string }

//optcache:grouped by=Name order=sortd
type E struct {
	Name string `optcache:"hole"`
}

//optcache:list of=Asset by=Nothing
type F struct {
	Name string  `optcache:"digest"`
	Sum  [4]byte `optcache:"digest"`
}

type Asset struct {
	Symbol string
	Price  float64
}

//optcache:list of=Asset by=Price cache=x.y
type G struct{}

//optcache:params
type H int

//optcache:params
type I = Asset

//optcache:params
type Empty struct{}

func f() {
	//optcache:params
	type local struct{}
}
