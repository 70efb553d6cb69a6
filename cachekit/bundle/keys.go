package bundle

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// A ListKey is the key of the asset list of a version.
type ListKey = market.ListKey

// A BarsKey is the key of everything that is derived from the bars of a query
// and from nothing else: it is equal for equal bars in any version of any
// bundle, so that a correction to one asset leaves what was derived from others
// valid, and different as soon as one value, one date, one field, the window or
// the frequency differs.
type BarsKey = market.BarsKey

// A keyQuery is a query of all assets, whose key is remembered.
type keyQuery struct {
	fields      Fields
	first, last int64
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
	at := keyQuery{p.fields, p.first, p.last}
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
	if err := b.addAssets(&p, q.Symbols); err != nil {
		return BarsKey{}, fmt.Errorf("key of bundle %q: %w", b.name, err)
	}
	m := b.manifest

	h := keyHasher{hash: sha256.New()}
	h.text("optcache/bars/1")
	h.text(m.frequency.String())
	h.text(p.fields.String())
	h.number(uint64(p.first))
	h.number(uint64(p.last))
	h.number(uint64(len(p.assets)))
	columns := []int{0}
	for f := range bar.NumFields {
		if p.fields.Has(1 << f) {
			columns = append(columns, m.columnOf(1<<f))
		}
	}
	for i, a := range p.assets {
		h.text(m.assets[a].Symbol)
		parts := p.parts[p.starts[i]:p.starts[i+1]]
		h.number(uint64(len(parts)))
		for _, part := range parts {
			for _, c := range columns {
				h.hash.Write(m.leaf(part.part, c)[:])
			}
		}
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

func (h *keyHasher) number(n uint64) {
	h.scratch = binary.LittleEndian.AppendUint64(h.scratch[:0], n)
	h.hash.Write(h.scratch)
}
