package linear

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

// A told operation is one as tests write it: from when to when, what, and what came.
type told struct {
	from, to int64
	action
	outcome
}

func history(of []told) []porcupine.Operation {
	var all []porcupine.Operation
	for _, o := range of {
		all = append(all, porcupine.Operation{Input: o.action, Call: o.from, Output: o.outcome, Return: o.to})
	}
	return all
}

// TestModel: what each promise allows, and what it does not.
func TestModel(t *testing.T) {
	begins := func(from, to int64, id int) told { return told{from, to, action{kind: register, id: id}, outcome{}} }
	lands := func(from, to int64, id int) told { return told{from, to, action{kind: land, id: id}, outcome{}} }
	gets := func(from, to int64, id int) told { return told{from, to, action{kind: get}, outcome{id: id}} }
	looks := func(from, to int64, id int) told { return told{from, to, action{kind: look}, outcome{id: id}} }
	removes := func(from, to int64, was bool) told { return told{from, to, action{kind: remove}, outcome{ok: was}} }
	sets := func(from, to int64, id int) told { return told{from, to, action{kind: set, id: id}, outcome{ok: true}} }
	clears := func(from, to int64, key int) []told {
		return []told{{from, to, action{kind: ground, key: key, id: 1}, outcome{}}, {from, to, action{kind: drop, key: key, id: 1}, outcome{}}}
	}
	retires := func(from, to int64) told { return told{from, to, action{kind: retire}, outcome{}} }
	other := func(o told) told { o.key = 1; return o }
	loaded := []told{begins(1, 2, 7), lands(3, 4, 7)}
	after := func(before []told, more ...told) []told { return append(append([]told(nil), before...), more...) }

	for name, c := range map[string]struct {
		history        []told
		ample, bounded bool // whether it is right
	}{
		"a hit":                                     {after(loaded, gets(5, 6, 7)), true, true},
		"a hit of what was never there":             {[]told{gets(5, 6, 7)}, false, false},
		"two loads one after the other":             {after(loaded, begins(5, 6, 8)), false, true},
		"two loads at a time":                       {[]told{begins(1, 2, 7), begins(3, 4, 8), lands(5, 6, 7), lands(7, 8, 8)}, false, false},
		"two who wait for a load":                   {[]told{begins(1, 2, 7), gets(3, 9, 7), gets(3, 9, 7), lands(8, 9, 7)}, true, true},
		"a look before a load lands":                {after(loaded, looks(2, 3, 0)), true, true},
		"a look after it has":                       {after(loaded, looks(5, 6, 0)), false, true},
		"a hit after a delete":                      {after(loaded, removes(5, 6, true), gets(7, 8, 7)), false, false},
		"a hit beside a delete":                     {after(loaded, removes(5, 8, true), gets(6, 7, 7)), true, true},
		"a delete that finds nothing":               {after(loaded, removes(5, 6, false)), false, true},
		"a load that lands after a delete, unseen":  {[]told{begins(1, 2, 7), removes(3, 4, false), lands(5, 6, 7), looks(7, 8, 0)}, true, true},
		"a load that lands after a delete, and is":  {[]told{begins(1, 2, 7), removes(3, 4, false), lands(5, 6, 7), gets(7, 8, 7)}, false, false},
		"who asks after a delete joins a load":      {[]told{begins(1, 2, 7), removes(3, 4, false), gets(5, 7, 7), lands(6, 7, 7)}, false, false},
		"a load from after a delete":                {[]told{begins(1, 2, 7), removes(3, 4, false), begins(5, 6, 8), lands(7, 8, 8), lands(7, 8, 7), gets(9, 10, 8)}, true, true},
		"a set that a load overtakes":               {[]told{begins(1, 2, 7), sets(3, 4, 8), lands(5, 6, 7), gets(7, 8, 7)}, false, false},
		"a set":                                     {[]told{begins(1, 2, 7), sets(3, 4, 8), lands(5, 6, 7), gets(7, 8, 8)}, true, true},
		"a hit after a clear":                       {after(after(loaded, clears(5, 6, 0)...), gets(7, 8, 7)), false, false},
		"a clear that takes what came beside it":    {after(after(clears(1, 20, 0), begins(2, 3, 7), lands(4, 5, 7), gets(6, 7, 7)), begins(8, 9, 8)), true, true},
		"a clear that takes it twice":               {after(after(clears(1, 20, 0), begins(2, 3, 7), lands(4, 5, 7), gets(6, 7, 7)), begins(8, 9, 8), lands(10, 11, 8), begins(12, 13, 9)), false, true},
		"a load from before a clear stays":          {after(append(clears(3, 4, 0), begins(1, 2, 7), lands(5, 6, 7)), gets(7, 8, 7)), false, false},
		"a retire takes one key before the other":   {after(loaded, other(sets(1, 4, 9)), retires(5, 12), looks(6, 7, 0), other(looks(8, 9, 9))), false, true},
		"a retire takes both keys":                  {after(loaded, other(sets(1, 4, 9)), retires(5, 12), looks(6, 7, 7), other(looks(8, 9, 0))), true, true},
		"a retire keeps a load":                     {after([]told{begins(1, 2, 7), retires(3, 4)}, lands(5, 6, 7), gets(7, 8, 7)), false, false},
		"the last who waited leaves":                {[]told{begins(1, 2, 7), {3, 4, action{kind: leave}, outcome{}}, begins(5, 6, 8), lands(7, 8, 8), lands(9, 10, 7)}, true, true},
		"a value that another key has":              {after(loaded, other(gets(5, 6, 7))), false, false},
		"a get that finds no value and no error":    {after(loaded, gets(5, 6, 0)), false, false},
		"a load that fails is held":                 {[]told{begins(1, 2, 7), {3, 4, action{kind: land, id: 7, fails: true}, outcome{}}, gets(5, 6, 7)}, false, false},
		"who waits for a load that fails":           {[]told{begins(1, 2, 7), gets(2, 5, 7), {3, 4, action{kind: land, id: 7, fails: true}, outcome{}}}, true, true},
		"its own load, though it was deleted since": {[]told{begins(1, 2, 7), removes(3, 4, false), {1, 6, action{kind: get, own: true}, outcome{id: 7}}, lands(5, 6, 7)}, true, true},
	} {
		for _, bounded := range []bool{false, true} {
			right := map[bool]bool{false: c.ample, true: c.bounded}[bounded]
			if got := porcupine.CheckOperations(model(bounded), history(c.history)); got != right {
				t.Errorf("%s, bounded %t: %t, want %t\n%s", name, bounded, got, right, tell(history(c.history)))
			}
		}
	}
}
