package arrays

type Point [2]float64

type Asset struct {
	Symbol string
	Path   [3]Point
	Names  [2]string
	Lists  [2][]string
	None   [0]int
}

//optcache:list of=Asset cache=AssetsCache clone
type Key struct {
	Short  [8]byte `optcache:"digest"`
	Points [2]Point
	Names  [2][2]string
	Flags  [3]bool
	Raw    [5]byte
}

//optcache:grouped by=ID
type Row struct {
	ID    [4]byte
	Path  [3]Point
	Names [2]string
}
