package embeddedstructs

type Base struct {
	Name string
	Kind
}

type Kind struct{ A, B int8 }

type Row struct {
	Base
	ID    uint32
	Price float64
}

//optcache:list of=Row cache=RowsCache by=ID
type Key struct {
	Base
	Num uint32
}
