package clashimports

import "example.com/cases/clashimports/rows"

// These hide packages that generated code imports.
var (
	rt, cachekit, sizing = 1, 2, 3
	context, slices      string
)

func iter() {}

type binary struct{ prop, gen int }

//optcache:list of=rows.Row cache=RowsCache by=List
type Key struct {
	Rows   rows.ID
	Binary binary
}
