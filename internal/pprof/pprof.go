// Package pprof reads the profiles that package runtime/pprof writes, as far as it
// takes to tell which functions cost most. The format is that of
// github.com/google/pprof/proto/profile.proto: a Protocol Buffers message, mostly
// compressed with gzip.
package pprof

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"time"
)

// A Profile is a set of samples of where a program spent something.
type Profile struct {
	// Types says what was counted, such as {cpu, nanoseconds} or {alloc_space,
	// bytes}: one for each value of a sample.
	Types    []Type
	Samples  []Sample
	Duration time.Duration // for which samples were taken, 0 if not told
}

// A Type is something that is counted, and in which unit.
type Type struct{ Name, Unit string }

// A Sample is what was counted at one place of a program.
type Sample struct {
	// Stack is the functions that were running, the innermost first. Functions that
	// were inlined are there too.
	Stack  []string
	Values []int64 // in the order of Profile.Types
}

// Index returns the place of a type among the values of a sample, and whether
// there is one of that name.
func (p *Profile) Index(name string) (int, bool) {
	for i, t := range p.Types {
		if t.Name == name {
			return i, true
		}
	}
	return 0, false
}

// Total returns the sum of one value over all samples.
func (p *Profile) Total(value int) (sum int64) {
	for _, s := range p.Samples {
		sum += s.Values[value]
	}
	return sum
}

// A Cost is what a function costs: Flat in its own code, Cum together with all
// that it calls. Where a function calls itself that counts once.
type Cost struct{ Flat, Cum int64 }

// Functions returns the cost of every function by its name.
func (p *Profile) Functions(value int) map[string]Cost {
	costs := make(map[string]Cost)
	for _, s := range p.Samples {
		v := s.Values[value]
		seen := make(map[string]bool, len(s.Stack))
		for depth, name := range s.Stack {
			c := costs[name]
			if depth == 0 {
				c.Flat += v
			}
			if !seen[name] {
				c.Cum += v
			}
			seen[name] = true
			costs[name] = c
		}
	}
	return costs
}

// maxBytes is how large a profile may be when it is unpacked.
const maxBytes = 256 << 20

// Parse reads a profile. The error of something that is none says where it stops
// to make sense.
func Parse(r io.Reader) (*Profile, error) {
	data, err := unpack(r)
	if err != nil {
		return nil, fmt.Errorf("read a profile: %w", err)
	}
	var t tables
	if err := t.read(data); err != nil {
		return nil, fmt.Errorf("read a profile: %w", err)
	}
	p, err := t.profile()
	if err != nil {
		return nil, fmt.Errorf("read a profile: %w", err)
	}
	return p, nil
}

// unpack reads everything, and through gzip if it is packed.
func unpack(r io.Reader) ([]byte, error) {
	data, err := readAll(r)
	if err != nil || !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data, err
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return readAll(z)
}

func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err == nil && len(data) > maxBytes {
		err = fmt.Errorf("it has more than %d bytes", maxBytes)
	}
	return data, err
}

// tables is a profile as it is written: what refers to something names its
// number.
type tables struct {
	types     [][2]uint64 // name, unit: places in texts
	samples   []rawSample
	locations map[uint64][]uint64 // functions, the innermost first
	functions map[uint64]uint64   // name: place in texts
	texts     []string
	duration  uint64
}

type rawSample struct{ locations, values []uint64 }

// The fields of the message Profile that are read.
const (
	fieldTypes     = 1
	fieldSamples   = 2
	fieldLocations = 4
	fieldFunctions = 5
	fieldTexts     = 6
	fieldDuration  = 10
)

func (t *tables) read(data []byte) error {
	t.locations, t.functions = make(map[uint64][]uint64), make(map[uint64]uint64)
	return eachField(data, func(f field) error {
		switch f.number {
		case fieldTypes:
			var name, unit uint64
			err := f.numbers(map[int]*uint64{1: &name, 2: &unit})
			t.types = append(t.types, [2]uint64{name, unit})
			return err
		case fieldSamples:
			s, err := readSample(f)
			t.samples = append(t.samples, s)
			return err
		case fieldLocations:
			return t.readLocation(f)
		case fieldFunctions:
			var id, name uint64
			err := f.numbers(map[int]*uint64{1: &id, 2: &name})
			t.functions[id] = name
			return err
		case fieldTexts:
			t.texts = append(t.texts, string(f.bytes))
		case fieldDuration:
			t.duration = f.number64
		}
		return nil
	})
}

func readSample(f field) (s rawSample, err error) {
	err = eachField(f.bytes, func(f field) (err error) {
		switch f.number {
		case 1:
			s.locations, err = f.appendNumbers(s.locations)
		case 2:
			s.values, err = f.appendNumbers(s.values)
		}
		return err
	})
	return s, err
}

// readLocation reads an address: the lines of it, of which the first is the
// innermost of functions that were inlined.
func (t *tables) readLocation(f field) error {
	var id uint64
	var functions []uint64
	err := eachField(f.bytes, func(f field) error {
		switch f.number {
		case 1:
			id = f.number64
		case 4:
			var function uint64
			err := f.numbers(map[int]*uint64{1: &function})
			functions = append(functions, function)
			return err
		}
		return nil
	})
	t.locations[id] = functions
	return err
}

// profile puts the names in the place of the numbers.
func (t *tables) profile() (*Profile, error) {
	if len(t.types) == 0 {
		return nil, errors.New("it does not say what was counted")
	}
	p := &Profile{Duration: time.Duration(t.duration)}
	for _, v := range t.types {
		name, err := t.text(v[0])
		if err != nil {
			return nil, err
		}
		unit, err := t.text(v[1])
		if err != nil {
			return nil, err
		}
		p.Types = append(p.Types, Type{name, unit})
	}
	for i, raw := range t.samples {
		s, err := t.sample(raw)
		if err != nil {
			return nil, fmt.Errorf("sample %d: %w", i, err)
		}
		p.Samples = append(p.Samples, s)
	}
	return p, nil
}

func (t *tables) sample(raw rawSample) (s Sample, err error) {
	if len(raw.values) != len(t.types) {
		return s, fmt.Errorf("it has %d values, of %d types", len(raw.values), len(t.types))
	}
	for _, v := range raw.values {
		s.Values = append(s.Values, int64(v))
	}
	for _, id := range raw.locations {
		functions, ok := t.locations[id]
		if !ok {
			return s, fmt.Errorf("location %d is not in the profile", id)
		}
		for _, function := range functions {
			text, ok := t.functions[function]
			if !ok {
				return s, fmt.Errorf("function %d is not in the profile", function)
			}
			name, err := t.text(text)
			if err != nil {
				return s, err
			}
			s.Stack = append(s.Stack, name)
		}
	}
	return s, nil
}

func (t *tables) text(place uint64) (string, error) {
	if place >= uint64(len(t.texts)) {
		return "", fmt.Errorf("text %d is not in the profile, which has %d", place, len(t.texts))
	}
	return t.texts[place], nil
}
