package clashnames

type Asset struct{ Symbol string }

func NewAssetList() {}

var hashKey int

//optcache:list of=Asset cache=AssetListCache
type Key struct{ Name string }

//optcache:list of=Asset cache=Asset name=func
type Other struct{ Name string }

//optcache:params name=AssetListCache
type Params struct {
	N int `optcache:"1:2"`
}
