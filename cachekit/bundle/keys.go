package bundle

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// A ListKey is the key of the asset list of a version.
type ListKey = market.ListKey

// A BarsKey is the key of everything that is derived from the bars of a query
// and from nothing else: it is equal for equal bars in any version of any
// bundle, so that a correction to one asset leaves what was derived from others
// valid, and different as soon as one value, one date, one field, the window, the
// frequency, or what a query decides about sessions and adjustment differs.
type BarsKey = market.BarsKey

// A keyQuery is a query of all assets, whose key is remembered.
type keyQuery struct {
	fields      Fields
	first, last int64
	rule        rule
}

// A rule is what a query decides beside which bars it reads.
type rule struct {
	periods       float64
	zone, session string
	adjust        Adjust
	prices        Prices
}

// rule returns the rule of q. What changes nothing is not in it.
func (q *Query) rule() rule {
	r := rule{q.PeriodsPerYear, q.TimeZone, q.Session, q.Adjust, q.Prices}
	if r.adjust == AdjustNone {
		r.prices = DetectPrices
	}
	return r
}

// maxKeys is how many keys an open version remembers: a walk-forward has a few
// hundred windows, and the key of 500 assets and 10 years hashes a megabyte,
// which takes milliseconds where the processor has no SHA instructions.
const maxKeys = 1 << 12

// ListKey returns the key of the asset list of this version.
func (b *Bundle) ListKey() ListKey { return ListKey{Bundle: b.name, Version: b.version} }

// Key returns the key of the bars of a query. It hashes the leaves that Read
// would verify, and reads no bars. It fails where Read would: for an unknown
// symbol or field.
func (b *Bundle) Key(q Query) (BarsKey, error) {
	p, err := b.window(q)
	if err != nil {
		return BarsKey{}, fmt.Errorf("key of bundle %q: %w", b.name, err)
	}
	if q.Symbols != nil {
		return b.key(q, p)
	}
	at := keyQuery{p.fields, p.first, p.last, q.rule()}
	b.keysMu.Lock()
	key, ok := b.keys[at]
	b.keysMu.Unlock()
	if ok {
		return key, nil
	}
	key, err = b.key(q, p)
	if err != nil {
		return BarsKey{}, err
	}
	b.keysMu.Lock()
	defer b.keysMu.Unlock()
	if len(b.keys) >= maxKeys {
		clear(b.keys)
	}
	if b.keys == nil {
		b.keys = make(map[keyQuery]BarsKey)
	}
	b.keys[at] = key
	return key, nil
}

// key hashes what a query reads: every text and every list after its length.
func (b *content) key(q Query, p plan) (BarsKey, error) {
	read := b.toRead(p, q.Adjust)
	if err := b.addAssets(&read, q.Symbols); err != nil {
		return BarsKey{}, fmt.Errorf("key of bundle %q: %w", b.name, err)
	}
	m := b.manifest

	h := keyHasher{hash: sha256.New()}
	h.text("optcache/bars/1")
	h.text(m.frequency.String())
	h.text(p.fields.String())
	h.number(uint64(p.first))
	h.number(uint64(p.last))
	h.number(uint64(len(read.assets)))
	columns := []int{0}
	for f := range bar.NumFields {
		if read.fields.Has(1 << f) {
			columns = append(columns, m.columnOf(1<<f))
		}
	}
	for i, a := range read.assets {
		h.text(m.assets[a].Symbol)
		parts := read.parts[read.starts[i]:read.starts[i+1]]
		h.number(uint64(len(parts)))
		for _, part := range parts {
			for _, c := range columns {
				h.hash.Write(m.leaf(part.part, c)[:])
			}
		}
	}
	if r := q.rule(); r != (rule{}) { // without one, keys are those of versions that knew none
		h.rule(r)
	}
	var key BarsKey
	h.hash.Sum(key.Digest[:0])
	return key, nil
}

type keyHasher struct {
	hash    hash.Hash
	scratch []byte
}

func (h *keyHasher) text(s string) {
	h.scratch = appendText(h.scratch[:0], s)
	h.hash.Write(h.scratch)
}

func (h *keyHasher) rule(r rule) {
	h.text("optcache/rule/1")
	h.number(math.Float64bits(r.periods))
	for _, s := range []string{r.zone, r.session, r.adjust.String(), r.prices.String()} {
		h.text(s)
	}
}

func (h *keyHasher) number(n uint64) {
	h.scratch = binary.LittleEndian.AppendUint64(h.scratch[:0], n)
	h.hash.Write(h.scratch)
}
