package nestedslices

type Tags []string

type Leg struct {
	Name   string
	Ratios []float64
}

type Asset struct {
	Symbol string
	Tags   Tags
	Legs   []Leg
	Deep   [][][]uint8
	Empty  []struct{}
}

//optcache:list of=Asset cache=AssetsCache clone
type Key struct{ Name string }

//optcache:grouped by=Symbol order=seen
type Row struct {
	Symbol string
	Tags   Tags
	Deep   [][]uint8
}
