package cachekit

import (
	"reflect"
	"sync/atomic"
	"unsafe"
)

// A word tells how a value that fits one word of memory is loaded and stored in
// one piece. Such a value is replaced within its entry, which saves the
// allocation of another.
type word uint8

const (
	noWord   word = iota // the value is larger, or smaller than what can be stored in one piece
	halfWord             // 4 bytes without a pointer
	fullWord             // 8 bytes without a pointer
	pointer              // a pointer
)

// wordOf returns how a value of type V is loaded and stored.
func wordOf[V any]() word {
	t := reflect.TypeFor[V]()
	switch t.Kind() {
	case reflect.Pointer, reflect.UnsafePointer, reflect.Map, reflect.Chan, reflect.Func:
		return pointer
	case reflect.Int, reflect.Uint, reflect.Uintptr, reflect.Int64, reflect.Uint64, reflect.Float64,
		reflect.Int32, reflect.Uint32, reflect.Float32:
		if t.Size() == 8 {
			return fullWord
		}
		return halfWord
	}
	return noWord
}

// valueOf returns the value of e.
func (c *Cache[K, V]) valueOf(e *entry[K, V]) V {
	if c.word == noWord {
		return e.value
	}
	return c.loadWord(e)
}

// loadWord returns the value of e, of one word.
func (c *Cache[K, V]) loadWord(e *entry[K, V]) (value V) {
	at, to := unsafe.Pointer(&e.value), unsafe.Pointer(&value)
	switch c.word {
	case fullWord:
		*(*uint64)(to) = atomic.LoadUint64((*uint64)(at))
	case pointer:
		*(*unsafe.Pointer)(to) = atomic.LoadPointer((*unsafe.Pointer)(at))
	default:
		*(*uint32)(to) = atomic.LoadUint32((*uint32)(at))
	}
	return value
}

// storeWord makes value, of one word, the value of e.
func (c *Cache[K, V]) storeWord(e *entry[K, V], value V) {
	at, from := unsafe.Pointer(&e.value), unsafe.Pointer(&value)
	switch c.word {
	case fullWord:
		atomic.StoreUint64((*uint64)(at), *(*uint64)(from))
	case pointer:
		atomic.StorePointer((*unsafe.Pointer)(at), *(*unsafe.Pointer)(from))
	default:
		atomic.StoreUint32((*uint32)(at), *(*uint32)(from))
	}
}

// overwrite makes value, of one word, the value of key, if the cache holds the
// key in an entry that would be charged the same. For the policy that is a use of the
// entry. It reports whether it did.
//
// It takes no lock. If the entry leaves between the search and the store, all is as if
// it had left right after the store; and if a load of the key began meanwhile,
// that is as if it had begun after the store.
func (c *Cache[K, V]) overwrite(key *K, hash uint64, value V, size int64) bool {
	e := c.find(key, hash)
	if e == nil || e.Size != size || e.Cost != 0 {
		return false
	}
	c.storeWord(e, value)
	c.at.Overwrite()
	e.hit()
	if c.sample.wants(hash) {
		c.recordUse(e)
	}
	return true
}
