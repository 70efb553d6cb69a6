// Package linear checks with porcupine that a cache is linearizable: that what real threads see of
// it can be put into one order in which each call takes effect at one instant between its begin and
// its end. It is a module of its own, so that no user's build sees porcupine.
//
// The property suite finds races in virtual time, where two things never happen at the same
// instant. Here they do.
//
// # What a cache that loads promises
//
// A load is not one instant but three, so it is three operations. It is registered when the cache
// decides to load; its loader runs, and reads what it reads after that; it lands when the
// cache takes its value. Each value bears the number of its load, or of the Set that brought it, so
// nothing need be known of the source: a value is stale if its load was registered before an
// invalidation that took effect before it was served.
//
//	register   nobody loads the key, and it is not held: at most one load at a time
//	land       the value is held from now on, unless the key was invalidated since it was
//	           registered; then nothing happens
//	get        the value that is held, or that of the load which is registered now: who
//	           waits for a load joined it at some instant before it landed or was overtaken
//	look       the value that is held, or that there is none
//	set        this value is held; whatever is being loaded will not be
//	delete     nothing is held, whatever is being loaded will not be, and nobody joins it any more
//	clear      the same of every key, each at instants of its own: first whatever is being loaded
//	           will not be held, then nothing is
//	retire     the same of every key of a version, at one instant
//	leave      a caller's own context is done: if it was the last who waited, its load is
//	           registered no more
//
// A cache with room for all holds what landed until it is told otherwise. One that is
// bounded may forget a key at any instant, and then loads again; so any answer but a stale one
// is right, and any load but a second one at the same time.
package linear

import "github.com/anishathalye/porcupine"

// A kind is what an operation does.
type kind uint8

const (
	register kind = iota
	land
	get
	look
	set
	remove
	ground // of a clear: what is being loaded will not be held
	drop   // of a clear, after that: nothing is held
	retire
	leave
)

var kindNames = [...]string{"register", "land", "get", "look", "set", "delete", "clear loads of", "clear", "retire", "leave"}

// An action is an operation of one key, or of a version if it is a retire.
type action struct {
	kind    kind
	key     int
	id      int  // of the load that is registered or lands, of the value that is set, or of the clear
	fails   bool // of a land: the load came to nothing
	own     bool // of a get: the value is that of its own load
	unknown bool // of a delete or set: the cache does not say what it found
}

// An outcome is what an operation returned.
type outcome struct {
	id int  // of the value; 0 is none
	ok bool // of a delete: there was one; of a set: it is held
}

// keysOf is how many keys a version has, which are checked together.
const keysOf = 2

// A slot is what there is of one key.
type slot struct {
	held int // id of the value; 0 is none
	load int // id of the load that is registered; 0 is none

	grounds uint64 // the clears that are between their instants, a bit each
}

// A state is what there is of all keys of one version.
type state [keysOf]slot

// version is the version that a key belongs to.
func version(key int) int { return key / keysOf }

// model is the specification as porcupine takes it. A bounded cache may forget.
func model(bounded bool) porcupine.Model {
	m := porcupine.NondeterministicModel{
		Partition: byVersion,
		Init:      func() []any { return []any{state{}} },
		Step: func(before, input, output any) []any {
			s, a, o := before.(state), input.(action), output.(outcome)
			if a.kind == retire {
				for key := range s {
					s[key].held, s[key].load = 0, 0
				}
				return []any{s}
			}
			var after []any
			key := a.key % keysOf
			for _, was := range ways(s[key], bounded) {
				for _, is := range was.step(a, o, bounded) {
					s[key] = is
					after = append(after, s)
				}
			}
			return after
		},
		DescribeOperation: func(input, output any) string { return describe(input.(action), output.(outcome)) },
	}
	return m.ToModel()
}

// ways are what a slot may have become by itself.
func ways(s slot, bounded bool) []slot {
	if !bounded || s.held == 0 {
		return []slot{s}
	}
	forgotten := s
	forgotten.held = 0
	return []slot{s, forgotten}
}

// step returns what a slot may be after an operation; nothing if that cannot have been.
func (s slot) step(a action, o outcome, bounded bool) []slot {
	right := true
	switch a.kind {
	case register:
		right = s.held == 0 && s.load == 0
		s.load = a.id
	case land:
		switch {
		case s.load != a.id:
		case a.fails:
			s.load = 0
		default:
			s.held, s.load = a.id, 0
		}
	case get:
		right = a.own || o.id != 0 && (o.id == s.held || o.id == s.load)
	case look:
		right = o.id == s.held
	case set:
		right = a.unknown || o.ok || bounded
		s.held, s.load = a.id, 0
	case remove:
		right = a.unknown || o.ok == (s.held != 0)
		s.held, s.load = 0, 0
	case ground:
		s.load, s.grounds = 0, s.grounds|1<<a.id
	case drop:
		right = s.grounds&(1<<a.id) != 0
		s.held, s.grounds = 0, s.grounds&^(1<<a.id)
	case leave:
		alone := s
		alone.load = 0
		return []slot{s, alone}
	}
	if !right {
		return nil
	}
	return []slot{s}
}

// byVersion checks each version by itself, as no operation is about two.
func byVersion(history []porcupine.Operation) [][]porcupine.Operation {
	of := map[int]int{}
	var parts [][]porcupine.Operation
	for _, op := range history {
		v := version(op.Input.(action).key)
		at, known := of[v]
		if !known {
			at = len(parts)
			of[v] = at
			parts = append(parts, nil)
		}
		parts[at] = append(parts[at], op)
	}
	return parts
}
