package genericfield

type Pair[A, B any] struct {
	First  A
	Second B
}

type Asset struct {
	Symbol string
	Legs   []Pair[string, []int]
}

//optcache:list of=Asset cache=AssetsCache
type Key struct {
	Name string
	Pair Pair[int, Pair[string, bool]]
}
