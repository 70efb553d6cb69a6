package cachekit

import (
	"unsafe"

	"github.com/bmadventure/optcache/policy"
)

// fromHead returns the entry that h heads. Every head that a policy of the cache
// holds is the first field of one.
func fromHead[K comparable, V any](h *policy.Entry) *entry[K, V] {
	return (*entry[K, V])(unsafe.Pointer(h))
}
