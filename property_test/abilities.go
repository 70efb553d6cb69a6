package propertytest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
)

// abilities are what a cache can do besides Get; nil for what it cannot.
type abilities[K comparable, V any] struct {
	set        func(key K, value V)
	invalidate func(key K)
	clear      func()
	peek       func(key K) (V, bool)
	getMany    func(ctx context.Context, keys []K) ([]V, error)
	len        func() int
	bytes      func() int64
	limit      func() int64
	resize     func(capacity int)
	retire     func(version [32]byte)
	pin        func(key K) (release func(), ok bool)
	counts     func() Counts
	mutated    func() []K
	close      func() error
}

// An ability is one method that a cache may have.
type ability struct {
	method string
	typ    reflect.Type
	has    bool
}

// abilitiesOf finds what c can do.
func abilitiesOf[K comparable, V any](c Cache[K, V]) abilities[K, V] {
	var a abilities[K, V]
	if c, ok := c.(interface{ Set(K, V) }); ok {
		a.set = c.Set
	}
	if c, ok := c.(interface{ Invalidate(K) }); ok {
		a.invalidate = c.Invalidate
	}
	if c, ok := c.(interface{ Clear() }); ok {
		a.clear = c.Clear
	}
	if c, ok := c.(interface{ Peek(K) (V, bool) }); ok {
		a.peek = c.Peek
	}
	if c, ok := c.(interface {
		GetMany(context.Context, []K) ([]V, error)
	}); ok {
		a.getMany = c.GetMany
	}
	if c, ok := c.(interface{ Len() int }); ok {
		a.len = c.Len
	}
	if c, ok := c.(interface{ Bytes() int64 }); ok {
		a.bytes = c.Bytes
	}
	if c, ok := c.(interface{ Limit() int64 }); ok {
		a.limit = c.Limit
	}
	if c, ok := c.(interface{ Resize(int) }); ok {
		a.resize = c.Resize
	}
	if c, ok := c.(interface{ Retire([32]byte) }); ok {
		a.retire = c.Retire
	}
	if c, ok := c.(interface{ Pin(K) (func(), bool) }); ok {
		a.pin = c.Pin
	}
	if c, ok := c.(interface{ Counts() Counts }); ok {
		a.counts = c.Counts
	}
	if c, ok := c.(interface{ Mutated() []K }); ok {
		a.mutated = c.Mutated
	}
	if c, ok := c.(interface{ Close() error }); ok {
		a.close = c.Close
	}
	return a
}

// list returns the abilities by the names of their methods.
func (a *abilities[K, V]) list() []ability {
	of := func(method string, f any) ability {
		v := reflect.ValueOf(f)
		return ability{method, v.Type(), !v.IsNil()}
	}
	return []ability{
		of("Set", a.set), of("Invalidate", a.invalidate), of("Clear", a.clear), of("Peek", a.peek),
		of("GetMany", a.getMany), of("Len", a.len), of("Bytes", a.bytes), of("Limit", a.limit),
		of("Resize", a.resize), of("Retire", a.retire), of("Pin", a.pin), of("Counts", a.counts),
		of("Mutated", a.mutated), of("Close", a.close),
	}
}

// misfits returns an error for each method of c that has the name of an ability and
// another signature: it would be passed over without a word otherwise.
func (a *abilities[K, V]) misfits(c Cache[K, V]) error {
	var wrong []string
	for _, x := range a.list() {
		m := reflect.ValueOf(c).MethodByName(x.method)
		if m.IsValid() && !x.has {
			wrong = append(wrong, fmt.Sprintf("the method %s is a %v; the suite wants a %v", x.method, m.Type(), x.typ))
		}
	}
	if wrong == nil {
		return nil
	}
	return fmt.Errorf("looking at %T: %s", c, strings.Join(wrong, "; "))
}
