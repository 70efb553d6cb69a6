package groupedseveral

type Venue uint8

// A Quote is grouped by fields of all kinds that have an order.
//
//optcache:grouped by=Venue,Live,Code,Symbol order=seen name=Quotes cache=QuotesCache clone
type Quote struct {
	Venue    Venue
	Live     bool
	Code     [4]byte
	Symbol   string
	Bid, Ask float32
	Note     string
}

// unexported stays so, with all that goes with it.
//
//optcache:grouped by=live
type unexported struct {
	live  bool
	value complex128
}

//optcache:grouped by=number name=numbers
type rowOfNumber struct {
	number int16
	_      [4]byte
	type_  string
	ID     uint64
}
