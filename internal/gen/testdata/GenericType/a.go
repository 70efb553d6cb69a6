package generictype

type Pair[A, B any] struct {
	First  A
	Second B
}

//optcache:list of=Pair cache=PairsCache
type Key[T comparable] struct{ Name T }

//optcache:list of=Pair
type Other struct{ Name string }
