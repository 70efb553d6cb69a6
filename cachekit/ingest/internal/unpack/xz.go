package unpack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// An xzGuard passes an xz file on and looks at each block's header before it does: the decoder allocates the
// dictionary that a header asks for, up to 4 GiB, without a limit. It follows the format
// (https://tukaani.org/xz/xz-file-format.txt) as far as it must to find the headers, and leaves all judgement of the
// data to the decoder.
type xzGuard struct {
	r       io.Reader
	part    []byte // what is collected for the next step
	want    int    // how many bytes that takes
	skip    int64  // how many bytes pass before it
	step    func([]byte) error
	between bool  // whether the next is a stream or the end
	check   int   // bytes of the check behind each block
	block   int64 // bytes of the block so far, or of the index, modulo 4 its padding
	value   uint64
	shift   int
	left    uint64 // numbers of the index to come; 0 before the first, which is their count
	first   bool
}

func newXZGuard(r io.Reader) *xzGuard {
	g := &xzGuard{r: r}
	g.nextStream()
	return g
}

func (g *xzGuard) then(want int, step func([]byte) error) {
	g.want, g.step, g.between = want, step, false
}

// nextStream waits for a stream, or for the end.
func (g *xzGuard) nextStream() {
	g.then(4, g.streamStart)
	g.between = true
}

// Read passes bytes on that were looked at. An end within a stream is an error: the decoder takes one between two
// blocks for the end of the data.
func (g *xzGuard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if e := g.look(p[:n]); e != nil {
		return 0, e
	}
	if err == io.EOF && !g.ended() {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// ended reports whether all streams that began have ended.
func (g *xzGuard) ended() bool { return g.between && g.skip == 0 && len(g.part) == 0 }

func (g *xzGuard) look(p []byte) error {
	for len(p) > 0 && g.step != nil {
		if pass := min(g.skip, int64(len(p))); pass > 0 {
			g.skip -= pass
			p = p[pass:]
			continue
		}
		take := min(g.want-len(g.part), len(p))
		g.part = append(g.part, p[:take]...)
		p = p[take:]
		if len(g.part) < g.want {
			return nil
		}
		part := g.part
		g.part = g.part[:0]
		if err := g.step(part); err != nil {
			return err
		}
	}
	return nil
}

// streamStart sees the first four bytes of a stream, or of the padding before one.
func (g *xzGuard) streamStart(b []byte) error {
	if !bytes.Equal(b, []byte{0, 0, 0, 0}) {
		g.then(8, g.streamFlags)
	}
	return nil
}

func (g *xzGuard) streamFlags(b []byte) error {
	g.check = [...]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[b[3]&15]
	g.then(1, g.blockStart)
	return nil
}

// blockStart sees the size of a block's header, or the zero with which the index begins.
func (g *xzGuard) blockStart(b []byte) error {
	if b[0] == 0 {
		g.block, g.first, g.value, g.shift = 1, true, 0, 0
		g.then(1, g.index)
		return nil
	}
	g.then(int(b[0])*4+3, g.blockHeader)
	return nil
}

// blockHeader refuses a dictionary that is too large.
func (g *xzGuard) blockHeader(b []byte) error {
	r := bytes.NewReader(b[1:])
	number := func() uint64 {
		v, err := binary.ReadUvarint(r)
		if err != nil {
			r.Reset(nil)
		}
		return v
	}
	for flag := byte(0x40); flag != 0; flag <<= 1 { // the sizes of the block
		if b[0]&flag != 0 {
			number()
		}
	}
	for range b[0]&3 + 1 {
		id, size := number(), number()
		if size > uint64(r.Len()) {
			break // the decoder says so
		}
		properties := make([]byte, size)
		_, _ = r.Read(properties)
		if id == lzma2 && size == 1 {
			if d := dictionary(properties[0]); d > maxWindow {
				return &Error{Message: fmt.Sprintf("its xz dictionary is of %d MiB, and at most %d are read: compress it "+
					"again with xz -9 or less", d>>20, maxWindow>>20)}
			}
		}
	}
	g.block = 0
	g.then(1, g.chunk)
	return nil
}

// lzma2 is the number of the only filter with a dictionary.
const lzma2 = 0x21

// dictionary returns the bytes that the property of an LZMA2 filter asks for.
func dictionary(property byte) int64 {
	bits := int64(property & 63)
	return (2 | bits&1) << min(bits/2+11, 40)
}

// chunk sees the first byte of a chunk of LZMA2.
func (g *xzGuard) chunk(b []byte) error {
	g.block++
	switch c := b[0]; {
	case c == 0:
		g.skip = -g.block&3 + int64(g.check)
		g.then(1, g.blockStart)
	case c >= 0xc0:
		g.then(5, g.compressed)
	case c >= 0x80:
		g.then(4, g.compressed)
	case c <= 2:
		g.then(2, g.plain)
	default:
		g.step = nil // no chunk: the decoder says so
	}
	return nil
}

func (g *xzGuard) compressed(b []byte) error { return g.pass(len(b), b[2:]) }
func (g *xzGuard) plain(b []byte) error      { return g.pass(len(b), b) }

// pass lets a chunk through, whose size less one is given.
func (g *xzGuard) pass(header int, size []byte) error {
	g.skip = int64(binary.BigEndian.Uint16(size)) + 1
	g.block += int64(header) + g.skip
	g.then(1, g.chunk)
	return nil
}

// index sees a byte of the index: numbers of seven bits a byte, of which the first says how many pairs follow.
func (g *xzGuard) index(b []byte) error {
	g.block++
	g.value |= uint64(b[0]&0x7f) << min(g.shift, 63)
	g.shift += 7
	if b[0]&0x80 != 0 {
		return nil
	}
	if g.first {
		g.left, g.first = 2*g.value, false
	} else {
		g.left--
	}
	g.value, g.shift = 0, 0
	if g.left == 0 {
		const checkAndFooter = 4 + 12
		g.skip = -g.block&3 + checkAndFooter
		g.nextStream()
	}
	return nil
}
