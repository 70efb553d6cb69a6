package main

import (
	"github.com/hashicorp/golang-lru/arc/v2"
	"github.com/hashicorp/golang-lru/v2"
)

func newGolangLRU[K key](set settings) cache[K] {
	return golangLRU[K]{must(lru.New[K, uint64](set.entries))}
}

func newGolang2Q[K key](set settings) cache[K] {
	return golang2Q[K]{must(lru.New2Q[K, uint64](set.entries))}
}

func newGolangARC[K key](set settings) cache[K] {
	return golangARC[K]{must(arc.NewARC[K, uint64](set.entries))}
}

type golangLRU[K key] struct{ c *lru.Cache[K, uint64] }

func (l golangLRU[K]) Get(k K) (uint64, bool) { return l.c.Get(k) }
func (l golangLRU[K]) Set(k K, value uint64)  { l.c.Add(k, value) }
func (l golangLRU[K]) Len() int               { return l.c.Len() }
func (l golangLRU[K]) Flush()                 {}
func (l golangLRU[K]) Close()                 {}

func (l golangLRU[K]) Read(keys []K) (sum uint64) {
	for _, k := range keys {
		value, _ := l.c.Get(k)
		sum += value
	}
	return sum
}

func (l golangLRU[K]) Mix(keys []K, every int) (sum uint64) {
	for i, k := range keys {
		if i&(every-1) == 0 {
			l.c.Add(k, 1)
			continue
		}
		value, _ := l.c.Get(k)
		sum += value
	}
	return sum
}

type golang2Q[K key] struct{ c *lru.TwoQueueCache[K, uint64] }

func (l golang2Q[K]) Get(k K) (uint64, bool) { return l.c.Get(k) }
func (l golang2Q[K]) Set(k K, value uint64)  { l.c.Add(k, value) }
func (l golang2Q[K]) Len() int               { return l.c.Len() }
func (l golang2Q[K]) Flush()                 {}
func (l golang2Q[K]) Close()                 {}

func (l golang2Q[K]) Read(keys []K) (sum uint64) {
	for _, k := range keys {
		value, _ := l.c.Get(k)
		sum += value
	}
	return sum
}

func (l golang2Q[K]) Mix(keys []K, every int) (sum uint64) {
	for i, k := range keys {
		if i&(every-1) == 0 {
			l.c.Add(k, 1)
			continue
		}
		value, _ := l.c.Get(k)
		sum += value
	}
	return sum
}

type golangARC[K key] struct{ c *arc.ARCCache[K, uint64] }

func (l golangARC[K]) Get(k K) (uint64, bool) { return l.c.Get(k) }
func (l golangARC[K]) Set(k K, value uint64)  { l.c.Add(k, value) }
func (l golangARC[K]) Len() int               { return l.c.Len() }
func (l golangARC[K]) Flush()                 {}
func (l golangARC[K]) Close()                 {}

func (l golangARC[K]) Read(keys []K) (sum uint64) {
	for _, k := range keys {
		value, _ := l.c.Get(k)
		sum += value
	}
	return sum
}

func (l golangARC[K]) Mix(keys []K, every int) (sum uint64) {
	for i, k := range keys {
		if i&(every-1) == 0 {
			l.c.Add(k, 1)
			continue
		}
		value, _ := l.c.Get(k)
		sum += value
	}
	return sum
}
