package keyofanotherpackage

import (
	"time"

	names "example.com/cases/keyofanotherpackage/key"
)

//optcache:grouped by=Symbol cache=TicksCache key=names.Window clone
type Tick struct {
	Symbol names.Symbol
	Time   time.Time
	Price  float64
}
