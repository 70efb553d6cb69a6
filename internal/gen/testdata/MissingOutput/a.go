package missingoutput

type Asset struct {
	ID     uint64
	Symbol string
}

// Key names a list.
//
//optcache:list of=Asset cache=AssetListCache
type Key struct {
	Name    string
	Version [32]byte `optcache:"digest,version"`
}

// symbols uses what is not generated yet.
func symbols(l *AssetList) (all []string) {
	for a := range l.All() {
		all = append(all, a.Symbol)
	}
	return all
}

var open = func() *AssetListCache { return nil }
