package dep

type (
	ID   uint64
	Kind uint8
)

// A Row is kept in a cache that is not generated yet.
//
//optcache:grouped by=Symbol cache=RowsCache
type Row struct {
	Symbol string
	Price  float64
}

var Cache *RowsCache
