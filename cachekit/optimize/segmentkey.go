package optimize

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math"
	"slices"
	"sync"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/optimize/internal/trialkey"
)

// Key names all that the equity curve of a strategy over a span follows from: every value
// of the bars in the span and of those before it to warm up, and the strategy
// as a [record.Journal] sees it. It is for [walk.Forward].Key. Bars that the span does not
// read, such as those that came later, do not change it. The bars of a span are hashed
// once, the first time that they are asked for. It fails for a span that there is not,
// and for a strategy that holds something whose value cannot be told, such as a function.
func (s *Segments) Key(strategy backtest.Strategy, span Span) ([32]byte, error) {
	times, err := s.Times(span)
	if err != nil {
		return [32]byte{}, err
	}
	digest, _ := s.digests.LoadOrStore(span, sync.OnceValue(func() [32]byte { return s.digest(times) }))
	key, err := s.trials.Key(digest.(func() [32]byte)(), strategy)
	return key, err
}

// digest hashes what a tester reads of a span with those times on the timeline.
func (s *Segments) digest(times []int64) [32]byte {
	h := newDigest("optcache segment 1")
	h.ints(times)
	h.number(uint64(len(s.groups)))
	for _, g := range s.groups {
		first, last, warm := s.within(g, times)
		h.text(g.Asset.Symbol)
		h.number(uint64(warm))
		g = part(g, first-warm, last)
		h.ints(g.Times)
		for _, column := range [][]float64{g.Open, g.High, g.Low, g.Close, g.Volume, g.Dividend, g.Split} {
			h.floats(column)
		}
	}
	return h.sum()
}

// within returns which bars of an asset lie between the first and the last of some times,
// and how many before them warm up.
func (s *Segments) within(g bundle.Group, times []int64) (first, last, warm int) {
	first, _ = slices.BinarySearch(g.Times, times[0])
	last, found := slices.BinarySearch(g.Times, times[len(times)-1])
	if found {
		last++
	}
	if first == last {
		return first, last, 0
	}
	return first, last, min(s.warmup, first)
}

// A digest hashes values, every text and every list after its length.
type digest struct {
	hash    hash.Hash
	scratch []byte
}

// newDigest returns a digest of things of that name.
func newDigest(name string) *digest {
	h := &digest{hash: sha256.New()}
	h.text(name)
	return h
}

func (h *digest) text(s string) { h.bytes(trialkey.AppendText(h.scratch[:0], s)) }

func (h *digest) number(n uint64) { h.bytes(binary.LittleEndian.AppendUint64(h.scratch[:0], n)) }

func (h *digest) ints(values []int64) {
	h.number(uint64(len(values)))
	for part := range slices.Chunk(values, digestChunk) {
		b := h.scratch[:0]
		for _, x := range part {
			b = binary.LittleEndian.AppendUint64(b, uint64(x))
		}
		h.bytes(b)
	}
}

// floats tells a column that there is not from an empty one.
func (h *digest) floats(values []float64) {
	if values == nil {
		h.number(math.MaxUint64)
		return
	}
	h.number(uint64(len(values)))
	for part := range slices.Chunk(values, digestChunk) {
		b := h.scratch[:0]
		for _, x := range part {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
		}
		h.bytes(b)
	}
}

const digestChunk = 512 // values that are hashed at a time

// bytes hashes b, whose memory the next call may use.
func (h *digest) bytes(b []byte) {
	h.hash.Write(b)
	if cap(b) > cap(h.scratch) {
		h.scratch = b[:0]
	}
}

func (h *digest) sum() (d [32]byte) {
	h.hash.Sum(d[:0])
	return d
}
