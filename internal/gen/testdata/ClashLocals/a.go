package clashlocals

type (
	key   string
	rows  []row
	row   struct{ symbol string }
	l     uint8
	text  string
	load  int
	o     uint16
	seed  [3]h
	h     int8
	value struct{ N key }
	c     struct{ name text }
)

//optcache:list of=c cache=cache name=list clone
type a struct {
	Key   key
	L     l
	Load  load
	O     o
	Seed  seed
	Value value
}

//optcache:params
type p struct {
	b    load `optcache:"1:3"`
	cell h    `optcache:"-3:3"`
	s    text `optcache:"x|y"`
}

type b struct{}

type s struct{}

//optcache:grouped by=symbol cache=groupsCache
type g struct {
	symbol key
	h      h
	row    row
	text   text
}
