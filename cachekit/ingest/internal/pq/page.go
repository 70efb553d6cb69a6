package pq

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/bmadventure/optcache/cachekit/internal/thrift"
)

const (
	freePage  = 4 << 20   // what a page may have inflated, whatever its compressed size
	maxPage   = 512 << 20 // what a page may have at all: pages of other programs have about 1 MiB
	maxHeader = 1 << 20   // its statistics may hold long texts
)

// Encodings of pages.
const (
	plain           = 0
	plainDictionary = 2
	rle             = 3
	deltaInts       = 5
	deltaLengths    = 6
	deltaBytes      = 7
	rleDictionary   = 8
	splitBytes      = 9
)

// Types of pages.
const (
	dataPage       = 0
	indexPage      = 1 // has no values
	dictionaryPage = 2
	dataPageV2     = 3
)

// A header is what is needed of a PageHeader.
type header struct {
	kind         int64
	size, packed int64 // bytes of the page as it is used and as it is in the file
	crc          uint32
	hasCRC       bool
	values       int64
	encoding     int64
	levels       int64 // encoding of definition levels, version 1
	definitions  int64 // bytes of definition levels, version 2
	repetitions  int64
	plain        bool // version 2: the values are not compressed
}

// A page is one that was inflated.
type page struct {
	kind     int64
	values   int
	encoding int64
	levels   []byte // definition levels as runs, nil if none are written
	data     []byte
}

// pages walks the pages of a column chunk. What a page holds is overwritten by the next of its kind.
type pages struct {
	r        io.ReaderAt
	limits   Limits
	chunk    chunk
	optional bool
	pos      int64
	left     int64 // values of pages to come
	raw      []byte
	buffers  [2][]byte // of data pages and of the dictionary
	head     []byte
}

var (
	errHeader = errors.New("a page header does not hold together: copy or download the file again")
	errPage   = errors.New("a page is shorter than its values: copy or download the file again")
)

// next reads a page: a dictionary or data.
func (p *pages) next(ctx context.Context) (page, error) {
	for {
		if err := ctx.Err(); err != nil {
			return page{}, err
		}
		h, err := p.header()
		if err != nil {
			return page{}, err
		}
		if h.kind == indexPage {
			p.pos += h.packed
			continue
		}
		if err := p.check(&h); err != nil {
			return page{}, err
		}
		return p.body(ctx, &h)
	}
}

// header reads a page header, and little more.
func (p *pages) header() (header, error) {
	for size := int64(1 << 10); ; size *= 8 {
		n := min(size, p.chunk.end-p.pos)
		if n <= 0 {
			return header{}, errors.New("its pages have fewer values than its footer says: copy or download the file again")
		}
		p.head = grow(p.head, int(n))
		if _, err := p.r.ReadAt(p.head, p.pos); err != nil {
			return header{}, err
		}
		c := thrift.Cursor{Rest: p.head}
		h := parseHeader(&c)
		if c.Bad && n == size && size < maxHeader {
			continue // it may be longer
		}
		p.pos += n - int64(len(c.Rest))
		if c.Bad || h.kind < dataPage || h.kind > dataPageV2 || h.size < 0 || h.packed < 0 || h.packed > p.chunk.end-p.pos {
			return header{}, errHeader
		}
		return h, nil
	}
}

// check holds what a page declares against the room that it takes in the file.
func (p *pages) check(h *header) error {
	if h.size > maxPage {
		return fmt.Errorf("a page has %d MiB, more than %d: write the file with smaller pages", h.size>>20, maxPage>>20)
	}
	if h.size > freePage+h.packed*int64(p.limits.MaxExpansion) {
		return fmt.Errorf("a page of %d bytes expands to %d, more than %d times: "+
			"give a greater --max-expansion if you know where the file comes from", h.packed, h.size, p.limits.MaxExpansion)
	}
	levels := h.definitions + h.repetitions
	if h.definitions < 0 || h.repetitions != 0 || h.values < 0 || levels > min(h.size, h.packed) {
		return errHeader
	}
	if h.kind == dictionaryPage {
		if h.values > h.size {
			return errHeader
		}
		return nil
	}
	if h.values > p.left {
		return errors.New("its pages have more values than its footer says: copy or download the file again")
	}
	p.left -= h.values
	return nil
}

// body reads and inflates a page.
func (p *pages) body(ctx context.Context, h *header) (page, error) {
	p.raw = grow(p.raw, int(h.packed))
	if _, err := p.r.ReadAt(p.raw, p.pos); err != nil {
		return page{}, err
	}
	p.pos += h.packed
	if h.hasCRC && crc32.ChecksumIEEE(p.raw) != h.crc {
		return page{}, errors.New("a page is not what was written, as its checksum says: copy or download the file again")
	}
	buffer := &p.buffers[0]
	if h.kind == dictionaryPage {
		buffer = &p.buffers[1]
	}
	*buffer = grow(*buffer, int(h.size))
	levels := copy(*buffer, p.raw[:h.definitions])
	codec := p.chunk.codec
	if h.plain {
		codec = codecNone
	}
	if err := inflateRest(ctx, codec, (*buffer)[levels:], p.raw[levels:]); err != nil {
		return page{}, err
	}
	result := page{kind: h.kind, values: int(h.values), encoding: h.encoding, data: (*buffer)[levels:]}
	if h.kind == dataPageV2 && p.optional {
		result.levels = (*buffer)[:levels:levels]
	}
	if h.kind == dataPage && p.optional {
		return result.cutLevels(h.levels)
	}
	return result, nil
}

// inflateRest inflates what follows the levels, which may be nothing where all values are null.
func inflateRest(ctx context.Context, codec uint8, page, data []byte) error {
	if len(page) == 0 && len(data) == 0 {
		return nil
	}
	return inflate(ctx, codec, page, data)
}

// cutLevels takes the definition levels from the front of a page of version 1.
func (p page) cutLevels(encoding int64) (page, error) {
	if encoding != rle {
		return page{}, errors.New("its levels are written in a way that is outdated: write it with a newer program")
	}
	d := data{rest: p.data}
	n := d.uint32()
	p.levels = d.take(int(n))
	if d.bad {
		return page{}, errPage
	}
	p.data = d.rest
	return p, nil
}

// grow returns a slice of n bytes, b if it has the room.
func grow(b []byte, n int) []byte {
	if n > cap(b) {
		return make([]byte, n)
	}
	return b[:n]
}

func parseHeader(c *thrift.Cursor) header {
	h := header{kind: -1, size: -1, packed: -1, levels: rle}
	c.Structure(func(field int16, kind byte) bool {
		switch {
		case kind == thrift.I32 && field == 1:
			h.kind = c.Int()
		case kind == thrift.I32 && field == 2:
			h.size = c.Int()
		case kind == thrift.I32 && field == 3:
			h.packed = c.Int()
		case kind == thrift.I32 && field == 4:
			h.crc, h.hasCRC = uint32(c.Int()), true
		case kind == thrift.Struct && (field == 5 || field == 7 || field == 8):
			h.parseKind(c, field)
		default:
			return false
		}
		return true
	})
	return h
}

// parseKind reads the struct of a page header that is for one kind of pages.
func (h *header) parseKind(c *thrift.Cursor, of int16) {
	const v1, v2 = 5, 8
	c.Structure(func(field int16, kind byte) bool {
		if of == v2 && field == 7 {
			h.plain = kind == thrift.False
			return kind == thrift.False || kind == thrift.True
		}
		if kind != thrift.I32 {
			return false
		}
		switch v := c.Int(); {
		case field == 1:
			h.values = v
		case of == v2 && field == 4, of != v2 && field == 2:
			h.encoding = v
		case of == v1 && field == 3:
			h.levels = v
		case of == v2 && field == 5:
			h.definitions = v
		case of == v2 && field == 6:
			h.repetitions = v
		}
		return true
	})
}
