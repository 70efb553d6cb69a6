package pq

import (
	"encoding/binary"
	"errors"
)

// A data reads bytes from front to back. After bytes that are not there, bad is set.
type data struct {
	rest []byte
	bad  bool
}

func (d *data) take(n int) []byte {
	if d.bad || n < 0 || n > len(d.rest) {
		d.bad = true
		return nil
	}
	taken := d.rest[:n:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *data) uint32() uint32 {
	if b := d.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *data) varint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *data) zigzag() uint64 {
	v := d.varint()
	return v>>1 ^ -(v & 1)
}

// A packed is numbers of width bits each, the lowest bits first.
type packed struct {
	bytes []byte
	width int // 0 to 64
	next  int // bit
}

// read returns the next number, and whether it was there.
func (p *packed) read() (uint64, bool) {
	if p.next+p.width > 8*len(p.bytes) {
		return 0, false
	}
	var b [9]byte
	at, shift := p.next>>3, p.next&7
	p.next += p.width
	if at+8 <= len(p.bytes) {
		v := binary.LittleEndian.Uint64(p.bytes[at:]) >> shift
		if shift > 0 && shift+p.width > 64 {
			v |= uint64(p.bytes[at+8]) << (64 - shift)
		}
		return v & (1<<p.width - 1), true
	}
	copy(b[:], p.bytes[at:])
	v := binary.LittleEndian.Uint64(b[:])>>shift | uint64(b[8])<<(64-shift)
	return v & (1<<p.width - 1), true
}

// A runs decodes numbers of up to 32 bits in the hybrid of runs and packed numbers that levels and indices are in.
type runs struct {
	data
	width  int
	left   int    // of the run
	value  uint32 // of a run of one value
	packed packed
	many   bool // whether the run is of packed numbers
}

// next returns the next number. After the last, bad is set.
func (r *runs) next() uint32 {
	for r.left == 0 && !r.bad {
		r.begin()
	}
	if r.bad {
		return 0
	}
	r.left--
	if !r.many {
		return r.value
	}
	v, ok := r.packed.read()
	if !ok {
		r.bad = true
	}
	return uint32(v)
}

// begin reads the head of a run. Its length is what it claims, up to the most that a page could have.
func (r *runs) begin() {
	const most = 1 << 31
	head := r.varint()
	n := int(min(head>>1, most))
	if r.many = head&1 == 1; r.many {
		r.left = 8 * n
		r.packed = packed{bytes: r.take(min(n*r.width, len(r.rest))), width: r.width} // the last may be cut
		return
	}
	r.left = n
	var value [4]byte
	copy(value[:], r.take((r.width+7)/8))
	r.value = binary.LittleEndian.Uint32(value[:])
}

// A deltas decodes integers that are written as their differences.
type deltas struct {
	data
	total  int // values that are written
	given  int
	block  int // values of a miniblock
	widths []byte
	minis  int // miniblocks of a block
	left   int // differences left in the miniblock
	packed packed
	least  uint64 // difference of the block
	value  uint64
}

// newDeltas reads the head of at most limit integers.
func newDeltas(b []byte, limit int) deltas {
	d := deltas{data: data{rest: b}}
	const mostBlock = 1 << 20
	size, minis, total := d.varint(), d.varint(), d.varint()
	d.value = d.zigzag()
	if size == 0 || size > mostBlock || minis == 0 || minis > size || size%minis != 0 || total > uint64(limit) {
		d.bad = true
		return d
	}
	d.block, d.minis, d.total = int(size/minis), int(minis), int(total)
	if d.block%8 != 0 {
		d.bad = true
	}
	return d
}

// next returns the next integer. After the last, bad is set.
func (d *deltas) next() uint64 {
	if d.given++; d.bad || d.given > d.total {
		d.bad = true
		return 0
	}
	if d.given == 1 {
		return d.value
	}
	for d.left == 0 && !d.bad {
		d.begin()
	}
	delta, ok := d.packed.read()
	d.bad = d.bad || !ok
	d.left--
	d.value += d.least + delta
	return d.value
}

// begin goes to the next miniblock.
func (d *deltas) begin() {
	if len(d.widths) == 0 {
		d.least = d.zigzag()
		d.widths = d.take(d.minis)
	}
	if d.bad || d.widths[0] > 64 {
		d.bad = true
		return
	}
	width := int(d.widths[0])
	d.widths = d.widths[1:]
	d.packed = packed{bytes: d.take(min(width*d.block/8, len(d.rest))), width: width}
	d.left = d.block
}

// after returns what follows the integers. It does not decode them.
func (d deltas) after() data {
	for left := d.total - 1; left > 0 && !d.bad; left -= d.block {
		d.begin()
	}
	return d.data
}

// A source gives the values of a page that are not null, one after the other.
type source interface {
	// words fills dst with numbers of 4 or 8 bytes. It reports whether the page has so many.
	words(dst []uint64) bool

	// bytes returns the bytes of the next value until the next call, and whether there is one.
	bytes() ([]byte, bool)
}

// A plainSource has values one after the other.
type plainSource struct {
	data
	width int // 0 for texts with their lengths in front
}

func (s *plainSource) words(dst []uint64) bool {
	b := s.take(len(dst) * s.width)
	if s.bad {
		return false
	}
	if s.width == 8 {
		for i := range dst {
			dst[i] = binary.LittleEndian.Uint64(b[8*i:])
		}
		return true
	}
	for i := range dst {
		dst[i] = uint64(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return true
}

func (s *plainSource) bytes() ([]byte, bool) {
	n := s.width
	if n == 0 {
		n = int(s.uint32())
	}
	b := s.take(n)
	return b, !s.bad
}

// A dictionary is the values that pages refer to.
type dictionary struct {
	numbers []uint64
	texts   []byte
	starts  []uint32 // of the texts, and where the last ends
	skip    uint32   // bytes in front of each text
}

// newDictionary reads n values of width bytes, or texts if that is 0. They may be numbers of 4 or 8 bytes.
func newDictionary(b []byte, n, width int, numbers bool) (*dictionary, bool) {
	s := plainSource{data: data{rest: b}, width: width}
	if numbers {
		if n > len(b)/width {
			return nil, false
		}
		d := &dictionary{numbers: make([]uint64, n)}
		return d, s.words(d.numbers)
	}
	d := &dictionary{texts: b}
	room := width
	if width == 0 {
		d.skip, room = 4, 4
	}
	if n > len(b)/room {
		return nil, false
	}
	d.starts = make([]uint32, 0, n+1)
	for range n {
		d.starts = append(d.starts, uint32(len(b)-len(s.rest)))
		if _, ok := s.bytes(); !ok {
			return nil, false
		}
	}
	d.starts = append(d.starts, uint32(len(b)-len(s.rest)))
	return d, true
}

// A dictionarySource has indices into a dictionary.
type dictionarySource struct {
	runs
	values *dictionary
}

func (s *dictionarySource) words(dst []uint64) bool {
	for i := range dst {
		at := s.next()
		if s.bad || uint64(at) >= uint64(len(s.values.numbers)) {
			return false
		}
		dst[i] = s.values.numbers[at]
	}
	return true
}

func (s *dictionarySource) bytes() ([]byte, bool) {
	at := uint64(s.next())
	if s.bad || at+1 >= uint64(len(s.values.starts)) {
		return nil, false
	}
	return s.values.texts[s.values.starts[at]+s.values.skip : s.values.starts[at+1]], true
}

// A deltaSource has integers by their differences.
type deltaSource struct{ deltas }

func (s *deltaSource) words(dst []uint64) bool {
	for i := range dst {
		dst[i] = s.next()
	}
	return !s.bad
}

func (s *deltaSource) bytes() ([]byte, bool) { return nil, false }

// A lengthSource has all lengths first, then all texts. With prefixes, a text begins with as much of the one before.
type lengthSource struct {
	lengths  deltas
	prefixes deltas
	shared   bool // whether there are prefixes
	texts    data
	last     []byte
}

func newLengthSource(b []byte, limit int, shared bool) *lengthSource {
	s := &lengthSource{shared: shared}
	if shared {
		s.prefixes = newDeltas(b, limit)
		b = s.prefixes.after().rest
	}
	s.lengths = newDeltas(b, limit)
	s.texts = s.lengths.after()
	return s
}

func (s *lengthSource) words([]uint64) bool { return false }

func (s *lengthSource) bytes() ([]byte, bool) {
	n := int(int32(s.lengths.next()))
	b := s.texts.take(n)
	if s.lengths.bad || s.texts.bad || !s.shared {
		return b, !s.lengths.bad && !s.texts.bad
	}
	prefix := int(int32(s.prefixes.next()))
	if s.prefixes.bad || prefix < 0 || prefix > len(s.last) {
		return nil, false
	}
	s.last = append(s.last[:prefix], b...)
	return s.last, true
}

// A splitSource has the first bytes of all values, then the second ones, and so on.
type splitSource struct {
	data  []byte
	width int
	count int // of values
	at    int
	value []byte
}

func (s *splitSource) words(dst []uint64) bool {
	if s.width > 8 || len(dst) > s.count-s.at {
		return false
	}
	for i := range dst {
		v := uint64(0)
		for b := range s.width {
			v |= uint64(s.data[b*s.count+s.at]) << (8 * b)
		}
		dst[i] = v
		s.at++
	}
	return true
}

func (s *splitSource) bytes() ([]byte, bool) {
	if s.at >= s.count {
		return nil, false
	}
	s.value = grow(s.value, s.width)
	for b := range s.width {
		s.value[b] = s.data[b*s.count+s.at]
	}
	s.at++
	return s.value, true
}

var (
	errNoDictionary = errors.New("a page refers to a dictionary that is missing: copy or download the file again")
	errEncoding     = errors.New("its values are in an encoding that is not known for its type: " +
		"write it with plain or dictionary encoding")
)

// newSource returns the values of a page, or what is wrong.
func (p *page) newSource(width int, words bool, values *dictionary) (source, error) {
	switch p.encoding {
	case plain:
		return &plainSource{data: data{rest: p.data}, width: width}, nil
	case plainDictionary, rleDictionary:
		if values == nil {
			return nil, errNoDictionary
		}
		s := &dictionarySource{runs: runs{data: data{rest: p.data}}, values: values}
		if len(p.data) > 0 { // else all values are null
			s.width = int(s.take(1)[0])
		}
		if s.width > 32 {
			return nil, errPage
		}
		return s, nil
	case deltaInts:
		if words {
			return &deltaSource{newDeltas(p.data, p.values)}, nil
		}
	case deltaLengths:
		if width == 0 {
			return newLengthSource(p.data, p.values, false), nil
		}
	case deltaBytes:
		if !words {
			return newLengthSource(p.data, p.values, true), nil
		}
	case splitBytes:
		if width > 0 {
			return &splitSource{data: p.data, width: width, count: len(p.data) / width}, nil
		}
	}
	return nil, errEncoding
}
