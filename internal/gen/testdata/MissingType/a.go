package missingtype

type Asset struct {
	Symbol string
	Tick   Size
	Other  []map[string]*Sizes
}

//optcache:list of=Asset cache=AssetListCache
type Key struct {
	Name    string
	Version Digest
}
