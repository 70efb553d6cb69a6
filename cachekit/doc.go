// Package cachekit is the cache of optcache: it keeps values by key within a
// hard budget of bytes, loads each missing value once, and never serves what was
// invalidated.
package cachekit
