package propertytest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A prepared suite is one that was found to be sound, with what is derived from it.
type prepared[K comparable, V any] struct {
	Suite[K, V]
	universe  []K           // Keys, and after them their relatives
	twins     [][]K         // of each key of the universe, keys that are equal to it
	index     map[K]int     // of the universe
	relatives [][]int       // of each of Keys
	can       [ops]bool     // which ops the cache can do
	abilities []ability     // of the cache
	hasEmpty  bool          // values have an empty form that is not nil
	life      time.Duration // the shorter of the two expiries; 0 means for ever
	options   []cmp.Option
	run       environment
	still     string // the concurrent property in which the cache stood still, and would again; "" if in none
}

// versions is how many versions of each key are looked at beforehand.
const versions = 4

func prepare[K comparable, V any](t *testing.T, s Suite[K, V]) (*prepared[K, V], error) {
	p := &prepared[K, V]{Suite: s, index: map[K]int{}, options: s.Cmp}
	var err error
	if p.run, err = fromEnvironment(s.Cases); err != nil {
		return nil, err
	}
	if p.options == nil {
		p.options = bitwise()
	}
	if err := p.sound(); err != nil {
		return nil, fmt.Errorf("checking the suite: %w", err)
	}
	p.life = min(s.ExpireAfterWrite, s.ExpireAfterAccess)
	if p.life == 0 {
		p.life = max(s.ExpireAfterWrite, s.ExpireAfterAccess)
	}
	p.derive()
	if err := p.distinct(); err != nil {
		return nil, fmt.Errorf("checking the suite: %w", err)
	}
	if err := p.probe(t); err != nil {
		return nil, err
	}
	for name := range s.Skip {
		if _, err := named([]string{name}); err != nil {
			return nil, fmt.Errorf("checking the suite's Skip: %w", err)
		}
	}
	for _, text := range s.Traces {
		if _, err := parseTrace(text, len(p.universe)); err != nil {
			return nil, fmt.Errorf("checking the suite's Traces: %w", err)
		}
	}
	return p, nil
}

// bitwise compares all fields of all types, and floating-point numbers by their bits.
func bitwise() []cmp.Option {
	return []cmp.Option{
		cmp.Exporter(func(reflect.Type) bool { return true }),
		cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
		cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }),
		cmp.Comparer(func(a, b time.Time) bool { return a == b }),
	}
}

// sound checks that the suite can tell what it must tell apart.
func (p *prepared[K, V]) sound() error {
	if p.New == nil || p.Value == nil {
		return errors.New("it needs New and Value")
	}
	if n := len(p.Keys); n < 4 || n > 8 {
		return fmt.Errorf("there are %d Keys; give it 4 to 8", n)
	}
	for _, d := range []time.Duration{p.ExpireAfterWrite, p.ExpireAfterAccess} {
		if d != 0 && d < time.Second {
			return fmt.Errorf("a life of %s is too short: give it a second at least", d)
		}
	}
	type named struct {
		what  string
		value V
	}
	var values []named
	for i, k := range p.Keys {
		if slices.Index(p.Keys, k) != i {
			return fmt.Errorf("key %d and key %d of Keys are equal, or key %d is not equal to itself", slices.Index(p.Keys, k), i, i)
		}
		for v := range versions {
			values = append(values, named{fmt.Sprintf("Value(Keys[%d], %d)", i, v), p.Value(k, v)})
			if p.Big != nil {
				values = append(values, named{fmt.Sprintf("Big(1, Keys[%d], %d)", i, v), p.Big(1, k, v)})
			}
			if !p.equal(p.Value(k, v), p.Value(k, v)) {
				return fmt.Errorf("Value(Keys[%d], %d) is different each time", i, v)
			}
		}
	}
	for i, a := range values {
		for _, b := range values[i+1:] {
			if p.equal(a.value, b.value) {
				return fmt.Errorf("%s and %s are equal: the suite could not tell them apart", a.what, b.what)
			}
		}
	}
	return nil
}

// derive finds the relatives of the keys.
func (p *prepared[K, V]) derive() {
	for i, k := range p.Keys {
		p.universe = append(p.universe, k)
		p.index[k] = i
	}
	p.relatives = make([][]int, len(p.Keys))
	for i, k := range p.Keys {
		for _, r := range relativesOf(k) {
			at, known := p.index[r]
			if !known {
				at = len(p.universe)
				p.universe = append(p.universe, r)
				p.index[r] = at
			}
			if at != i {
				p.relatives[i] = append(p.relatives[i], at)
			}
		}
	}
	for _, k := range p.universe {
		p.twins = append(p.twins, twinsOf(k))
	}
	switch t := reflect.TypeFor[V](); t.Kind() {
	case reflect.Slice, reflect.Map:
		p.hasEmpty = true
	}
}

// distinct checks that no field of a key is lost on Value: a cache that ignored it too would
// seem right.
func (p *prepared[K, V]) distinct() error {
	for i, relatives := range p.relatives {
		for _, r := range relatives {
			if p.equal(p.Value(p.Keys[i], 0), p.Value(p.universe[r], 0)) {
				return fmt.Errorf("function Value returns the same for the key %+v as for Keys[%d], %+v: make it depend on every field of the key", p.universe[r], i, p.Keys[i])
			}
		}
	}
	return nil
}

// emptyOf returns an empty slice or map that is not nil.
func emptyOf[V any]() V {
	v := reflect.New(reflect.TypeFor[V]()).Elem()
	switch v.Kind() {
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	}
	return v.Interface().(V)
}

// probe makes a cache to see what it can do.
func (p *prepared[K, V]) probe(t *testing.T) (err error) {
	outcome := inBubble(t, p.run.patience, func() {
		c := p.New(p.ample(nil), func(context.Context, K) (V, error) {
			var zero V
			return zero, errors.New("propertytest: a load that no Get asked for")
		})
		if c == nil {
			err = errors.New("checking the suite: New returned nil")
			return
		}
		a := abilitiesOf(c)
		err = a.misfits(c)
		p.abilities = a.list()
		p.can = [ops]bool{
			opGet: true, opPeek: a.peek != nil, opSet: a.set != nil, opUpdate: a.invalidate != nil, opInvalidate: a.invalidate != nil,
			opDrift: true, opClear: a.clear != nil, opRetire: a.retire != nil && p.Version != nil, opBatch: a.getMany != nil,
			opPin: a.pin != nil, opUnpin: a.pin != nil, opMutate: p.Mutate != nil, opSleep: p.life > 0, opResize: a.resize != nil,
		}
		if a.close != nil {
			_ = a.close() // whether it works is the property leaks
		}
	})
	switch {
	case err != nil:
		return err
	case outcome.hung:
		return errors.New("making a cache: New does not return, or Close does not")
	case outcome.panicked != nil && !outcome.leaked():
		return fmt.Errorf("making a cache: New panicked: %v", outcome.panicked)
	}
	return nil
}

// ample is the capacity at which nothing need be evicted.
func (p *prepared[K, V]) ample(prop *property) int {
	if prop != nil && prop.relatives {
		return 64
	}
	return 2 * len(p.Keys)
}

// playsOther reports whether the environment asks for one trace, of another property than this.
func (p *prepared[K, V]) playsOther(prop *property) bool {
	return p.run.trace != "" && !strings.HasPrefix(strings.TrimSpace(p.run.trace), prop.name+"/")
}

// lacks says why a property cannot be asked of this cache; "" if it can.
func (p *prepared[K, V]) lacks(prop *property) string {
	if why, ok := p.Skip[prop.name]; ok {
		return "the suite skips it: " + why
	}
	if p.still != "" && prop.concurrent && prop.name != p.still {
		return "the cache stands still when two ask at a time: see " + p.still
	}
	if p.playsOther(prop) {
		return "OPTCACHE_TRACE is of another property"
	}
	given := map[string]bool{
		"Suite.Big":     p.Big != nil,
		"Suite.Mutate":  p.Mutate != nil,
		"Suite.LRU":     p.LRU,
		"Suite.Version": p.Version != nil,
		"Suite.ExpireAfterWrite or ExpireAfterAccess": p.life > 0,
		"a key with fields that can be varied":        len(p.universe) > len(p.Keys),
	}
	types := map[string]reflect.Type{}
	for _, a := range p.abilities {
		given[a.method] = a.has
		types[a.method] = a.typ
	}
	for _, alternatives := range prop.needs {
		names := strings.Split(alternatives, "|")
		if slices.ContainsFunc(names, func(n string) bool { return given[n] }) {
			continue
		}
		for i, n := range names {
			if t := types[n]; t != nil {
				names[i] = n + strings.TrimPrefix(t.String(), "func")
			}
		}
		return "it needs " + strings.Join(names, " or ")
	}
	return ""
}
