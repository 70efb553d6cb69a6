package groupedmistakes

import "time"

//optcache:grouped by=Symbol,Symbl
type Missing struct {
	Symbol string
	Price  float64
}

//optcache:grouped by=Symbol,Symbol
type Twice struct {
	Symbol string
	Price  float64
}

//optcache:grouped by=Time
type ByTime struct {
	Time  time.Time
	Price float64
}

//optcache:grouped by=Price
type ByPrice struct {
	Price float64
	Size  int
}

//optcache:grouped by=Inner
type ByStruct struct {
	Inner struct{ A int }
	Price float64
}

//optcache:grouped by=Name
type Only struct{ Name string }

//optcache:grouped by=Name
type Whole struct {
	Name  string
	Price float64 `optcache:"whole"`
}

//optcache:grouped by=Name
type Method struct {
	Name  string
	slice int
}

//optcache:grouped by=Name
type Refers struct {
	Name string
	Next *Refers
	Any  any
	Done chan int
	Run  func()
	Map  map[string]int
}

//optcache:grouped by=Name name=Only
type Taken struct {
	Name  string
	Price float64
}
