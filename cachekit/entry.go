package cachekit

import "github.com/bmadventure/optcache/policy"

// An entry is one key with its value. Key, value and head never change after the
// entry came, the mark and what belongs to the policy aside: a new value is a new entry.
type entry[K comparable, V any] struct {
	policy.Entry
	key       K
	value     V
	versionID [32]byte
	version   *version
}

// A version is one version of the data that keys belong to. It is known to the
// cache while entries or loads belong to it.
type version struct {
	users   int  // entries and loads; guarded by mu of the cache
	retired bool // guarded by mu of the cache
}

// A pin keeps an entry from being evicted.
type pin struct {
	holders int  // calls of Pin not released yet
	gone    bool // the entry left the table; its bytes stay until the release
}

// Why an entry leaves the table.
type cause uint8

const (
	causeRoom cause = iota
	causeReplaced
	causeDeleted
	causeCleared
	causeRetired
	causeExpired
)

// count counts an entry that left.
func (e *Evictions) count(why cause) {
	switch why {
	case causeRoom:
		e.Room++
	case causeReplaced:
		e.Replaced++
	case causeDeleted:
		e.Deleted++
	case causeCleared:
		e.Cleared++
	case causeRetired:
		e.Retired++
	case causeExpired:
		e.Expired++
	}
}

// reason is what the policy is told.
func (w cause) reason() policy.Reason {
	switch w {
	case causeRoom:
		return policy.Evicted
	case causeReplaced:
		return policy.Replaced
	}
	return policy.Deleted
}
