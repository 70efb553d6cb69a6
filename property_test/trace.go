package propertytest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A trace is what one case does: small numbers, so that it shrinks, prints and is
// pasted without knowing the types of key and value.
type trace struct {
	property string
	capacity int
	steps    []step
}

// A step is one call of the cache. Its zero values are the simplest of each.
type step struct {
	op    op
	key   int   // number of the key
	keys  []int // of a batch
	shape shape // of the value that begins with an update, a set or a drift
	fault fault // how a load ends that this step causes
	n     int   // eighths of a life to sleep; capacity to resize to

	// Of concurrent traces, in ticks of a virtual millisecond: when the step begins, how long a
	// load that it causes takes, and after how long its caller leaves; 0 means never.
	at, load, leave int
}

type op uint8

const (
	opGet        op = iota
	opPeek          // look, without a load
	opSet           // the value changes, and the cache is given the new one
	opUpdate        // the value changes, and the cache is told to forget the old one
	opInvalidate    // the cache is told to forget the value, which is as before
	opDrift         // the value changes, and nobody tells the cache
	opClear         // all values change, and the cache is told to forget all
	opRetire        // all values of the key's version change, and the cache is told to forget the version
	opBatch         // several gets in one call
	opPin           // pin the key until unpin, or until the end
	opUnpin
	opMutate // get the value and overwrite it
	opSleep  // time passes
	opResize // another capacity
	ops      // how many there are
)

var opNames = [ops]string{
	"get", "peek", "set", "update", "invalidate", "drift", "clear", "retire", "batch", "pin", "unpin", "mutate", "sleep", "resize",
}

// A shape is what kind of value a key has at a version.
type shape uint8

const (
	whole  shape = iota // Suite.Value
	zero                // the zero value of the type: a nil slice, pointer or map
	empty               // an empty slice or map that is not nil
	large               // Suite.Big
	shapes              // how many there are
)

var shapeNames = [shapes]string{"whole", "zero", "empty", "big"}

// A fault is how a load ends.
type fault uint8

const (
	none    fault = iota
	fails         // in an error
	missing       // in an error that is fs.ErrNotExist
	panics        // in a panic
	exits         // in runtime.Goexit
	faults        // how many there are
)

var faultNames = [faults]string{"ok", "error", "missing", "panic", "goexit"}

// changes reports whether the step makes the source's value of its key another one.
func (s step) changes() bool { return s.op == opSet || s.op == opUpdate || s.op == opDrift }

// hasKey reports whether the step is about one key.
func (s step) hasKey() bool {
	switch s.op {
	case opClear, opBatch, opSleep, opResize:
		return false
	}
	return true
}

// asks reports whether the step may cause a load.
func (s step) asks() bool { return s.op == opGet || s.op == opBatch || s.op == opMutate }

// String writes the step so that parseStep reads it.
func (s step) String() string {
	var b strings.Builder
	b.WriteString(opNames[s.op])
	switch {
	case s.hasKey():
		fmt.Fprintf(&b, " %d", s.key)
	case s.op == opSleep, s.op == opResize:
		fmt.Fprintf(&b, " %d", s.n)
	case s.op == opBatch:
		b.WriteByte(' ')
		for i, k := range s.keys {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Itoa(k))
		}
		if len(s.keys) == 0 {
			b.WriteByte('-')
		}
	}
	if s.shape != whole {
		b.WriteString(" " + shapeNames[s.shape])
	}
	if s.fault != none {
		b.WriteString(" " + faultNames[s.fault])
	}
	for _, time := range []struct {
		name  string
		ticks int
	}{{"at", s.at}, {"load", s.load}, {"leave", s.leave}} {
		if time.ticks != 0 {
			fmt.Fprintf(&b, " %s %d", time.name, time.ticks)
		}
	}
	return b.String()
}

// text writes the trace so that parseTrace reads it: "sequential/3: get 0; update 0; get 0".
func (t trace) text() string {
	steps := make([]string, len(t.steps))
	for i, s := range t.steps {
		steps[i] = s.String()
	}
	return fmt.Sprintf("%s/%d: %s", t.property, t.capacity, strings.Join(steps, "; "))
}

// String is short because gopter asks for it with every case.
func (t trace) String() string { return t.property }

// parseTrace reads what text wrote. Keys must be below keys.
func parseTrace(text string, keys int) (trace, error) {
	fail := func(why string, args ...any) (trace, error) {
		return trace{}, fmt.Errorf("reading the trace %q: %s; it should look like sequential/3: get 0; update 0; get 0", text, fmt.Sprintf(why, args...))
	}
	head, body, ok := strings.Cut(text, ":")
	name, capacity, ok2 := strings.Cut(head, "/")
	if !ok || !ok2 {
		return fail("it does not begin with a property, a slash, a capacity and a colon")
	}
	t := trace{property: strings.TrimSpace(name)}
	if _, err := named([]string{t.property}); err != nil {
		return fail("%v", err)
	}
	var err error
	if t.capacity, err = strconv.Atoi(strings.TrimSpace(capacity)); err != nil || t.capacity < 1 {
		return fail("the capacity %q is no whole number from 1", capacity)
	}
	for part := range strings.SplitSeq(body, ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		s, err := parseStep(words, keys)
		if err != nil {
			return fail("step %d: %v", len(t.steps)+1, err)
		}
		t.steps = append(t.steps, s)
	}
	return t, nil
}

func parseStep(words []string, keys int) (step, error) {
	o := slices.Index(opNames[:], words[0])
	if o < 0 {
		return step{}, fmt.Errorf("%q is none of %s", words[0], strings.Join(opNames[:], ", "))
	}
	s := step{op: op(o)}
	words = words[1:]
	if s.op != opClear {
		if len(words) == 0 {
			return step{}, fmt.Errorf("%s needs a key or a number", opNames[o])
		}
		if err := s.parseOperand(words[0], keys); err != nil {
			return step{}, err
		}
		words = words[1:]
	}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if i := slices.Index(shapeNames[:], word); i >= 0 {
			s.shape = shape(i)
			continue
		}
		if i := slices.Index(faultNames[:], word); i >= 0 {
			s.fault = fault(i)
			continue
		}
		ticks := map[string]*int{"at": &s.at, "load": &s.load, "leave": &s.leave}[word]
		if ticks == nil || len(words) == 0 {
			return step{}, fmt.Errorf("%q is no word of a step", word)
		}
		n, err := number(words[0])
		if err != nil {
			return step{}, err
		}
		*ticks = n
		words = words[1:]
	}
	return s, nil
}

func (s *step) parseOperand(word string, keys int) error {
	if s.op == opSleep || s.op == opResize {
		n, err := number(word)
		if err == nil && n == 0 {
			err = fmt.Errorf("%s 0 is nothing", opNames[s.op])
		}
		s.n = n
		return err
	}
	if s.op == opBatch && word == "-" {
		return nil
	}
	list := []string{word}
	if s.op == opBatch {
		list = strings.Split(word, ",")
	}
	for _, w := range list {
		k, err := number(w)
		if err != nil {
			return err
		}
		if k >= keys {
			return fmt.Errorf("there is no key %d, the suite has %d", k, keys)
		}
		if s.key = k; s.op == opBatch {
			s.key, s.keys = 0, append(s.keys, k)
		}
	}
	return nil
}

// number reads a count or a number of ticks.
func number(word string) (int, error) {
	n, err := strconv.Atoi(word)
	if err != nil || n < 0 || n > 10_000 {
		return 0, fmt.Errorf("%q is no whole number from 0 to 10,000", word)
	}
	return n, nil
}
