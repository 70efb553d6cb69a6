package main

import (
	"fmt"
	"runtime"
	"time"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/policy"
	"github.com/bmadventure/optcache/policy/policytest"
)

const (
	memoryEntries = 1 << 20
	memoryWork    = "memory/1048576"
	wordBytes     = 8
)

// An extra is one option of ours that may make entries larger.
type extra struct {
	name string
	set  func(*cachekit.Options[uint64, uint64])
}

var extras = []extra{
	{"stats", func(o *cachekit.Options[uint64, uint64]) { o.DisableStats = false }},
	{"expire-write", func(o *cachekit.Options[uint64, uint64]) { o.ExpireAfterWrite = time.Hour }},
	{"expire-access", func(o *cachekit.Options[uint64, uint64]) { o.ExpireAfterAccess = time.Hour }},
	{"on-evict", func(o *cachekit.Options[uint64, uint64]) { o.OnRemoval = func(_, _ uint64, _ cachekit.Removal) {} }},
	{"departures", func(o *cachekit.Options[uint64, uint64]) { o.RemovalHistory = 1000 }},
	{"version", func(o *cachekit.Options[uint64, uint64]) {
		o.Version = func(key uint64) [32]byte { return [32]byte{byte(key)} }
	}},
}

// with returns our cache with that option on.
func with(x extra) contender[uint64] {
	return contender[uint64]{name: "optcache", make: func(set settings) cache[uint64] {
		o := cachekit.Options[uint64, uint64]{MaxEntries: set.entries, Policy: policy.NewS3FIFO(), DisableStats: true}
		x.set(&o)
		return optcache[uint64]{must(cachekit.New(o))}
	}}
}

// heapAnEntry fills the caches with so many entries, one cache after the other, and
// returns a row for each with the heap that an entry costs beyond the two words of key
// and value.
func heapAnEntry(work string, all []contender[uint64], entries int) []row {
	var rows []row
	for _, c := range all {
		before := heap()
		s := c.make(settings{entries: entries})
		for i := range uint64(entries) {
			s.Set(policytest.Hash(i), i)
			if i%1024 == 0 {
				s.Flush()
			}
		}
		held := s.Len()
		bytes := float64(heap()-before)/float64(held) - 2*wordBytes
		s.Close()
		r := row{Work: work, Cache: c.name, BytesEntry: &bytes}
		if held < entries*99/100 || held > entries {
			r.Note = fmt.Sprintf("holds %d entries of %d", held, entries)
		}
		rows = append(rows, r)
	}
	return rows
}

// heap returns the bytes of heap in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // the first one's finalizers and pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
