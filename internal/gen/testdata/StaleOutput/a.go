package staleoutput

type Asset struct{ Symbol string }

//optcache:list of=Asset cache=AssetListCache
type Key struct {
	Name  string
	Added int32
}
