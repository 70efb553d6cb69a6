package unexportedfields

type asset struct {
	id     uint64
	symbol string
}

//optcache:list of=asset cache=cache
type key struct {
	name  string
	inner struct{ a, b bool }
	_     int
}
