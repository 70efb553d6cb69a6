package main

// A goMap is a plain Go map without a lock: what a look-up costs at the least. It
// holds all that it is given and may only be read concurrently.
type goMap[K key] map[K]uint64

func newGoMap[K key](settings) cache[K] { return make(goMap[K]) }

func (m goMap[K]) Get(k K) (uint64, bool) {
	v, ok := m[k]
	return v, ok
}
func (m goMap[K]) Set(k K, value uint64) { m[k] = value }
func (m goMap[K]) Len() int              { return len(m) }
func (m goMap[K]) Flush()                {}
func (m goMap[K]) Close()                {}
func (m goMap[K]) Mix([]K, int) uint64   { panic("is not written concurrently") }

func (m goMap[K]) Read(keys []K) (sum uint64) {
	for _, k := range keys {
		sum += m[k]
	}
	return sum
}
