package bundle

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math"
	"unsafe"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// A leaf is the SHA-256 of one column of one asset in one partition.
type leaf [sha256.Size]byte

const leafDomain = "optcache/leaf/1"

// Types of the values as a leaf names them.
const (
	dateType      = "date32"        // int32 days since 1970-01-01
	timestampType = "timestamp[ns]" // int64 nanoseconds since 1970-01-01 UTC
	floatType     = "float64"
)

// timeColumn returns the name of the column of times, its type and the bytes
// that each time takes.
func timeColumn(frequency market.Frequency) (name, dtype string, width int) {
	if frequency.Intraday() {
		return "timestamp", timestampType, 8
	}
	return "date", dateType, 4
}

// A leafHasher computes leaves; it is not for concurrent use.
type leafHasher struct {
	hash   hash.Hash
	header []byte
	sum    []byte
}

func newLeafHasher() *leafHasher { return &leafHasher{hash: sha256.New()} }

// leaf hashes the little-endian values of a column after a header in which
// every text is preceded by its length, so that no two headers can be confused.
func (h *leafHasher) leaf(symbol, column, dtype, partition string, rows int, values []byte) leaf {
	b := h.header[:0]
	b = appendText(b, leafDomain)
	b = appendText(b, symbol)
	b = appendText(b, column)
	b = appendText(b, dtype)
	b = appendText(b, partition)
	b = binary.LittleEndian.AppendUint64(b, uint64(rows))
	h.header = b
	h.hash.Reset()
	h.hash.Write(b)
	h.hash.Write(values)
	h.sum = h.hash.Sum(h.sum[:0])
	return leaf(h.sum)
}

// appendText appends the length of s in 8 bytes, then s.
func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

var hostIsLittleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// bytesOf returns the memory of values as bytes, in the order of this machine.
func bytesOf[E int32 | int64 | float64](values []E) []byte {
	if len(values) == 0 {
		return nil
	}
	var e E
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(e)))
}

// littleEndian returns the little-endian bytes of values: their own memory
// where the machine has them in that order, otherwise scratch.
func littleEndian(values []float64, scratch []byte) []byte {
	if hostIsLittleEndian {
		return bytesOf(values)
	}
	scratch = scratch[:0]
	for _, v := range values {
		scratch = binary.LittleEndian.AppendUint64(scratch, math.Float64bits(v))
	}
	return scratch
}

// fromLittleEndian turns values, whose memory was filled with little-endian
// bytes, into the order of this machine.
func fromLittleEndian(values []float64) {
	if hostIsLittleEndian {
		return
	}
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(bytesOf(values[i : i+1])))
	}
}

// appendTimes appends times as they are stored and hashed.
func appendTimes(b []byte, frequency market.Frequency, times []int64) []byte {
	if frequency.Intraday() {
		for _, t := range times {
			b = binary.LittleEndian.AppendUint64(b, uint64(t))
		}
		return b
	}
	for _, t := range times {
		b = binary.LittleEndian.AppendUint32(b, uint32(t/bar.Day))
	}
	return b
}

// decodeTimes fills times from the bytes that appendTimes made. It reports
// whether they ascend and lie in range.
func decodeTimes(times []int64, frequency market.Frequency, b []byte) bool {
	const maxDay = int64(math.MaxInt64) / bar.Day
	last := int64(math.MinInt64)
	for i := range times {
		var t int64
		if frequency.Intraday() {
			t = int64(binary.LittleEndian.Uint64(b[8*i:]))
		} else {
			days := int64(int32(binary.LittleEndian.Uint32(b[4*i:])))
			if days > maxDay || days < -maxDay {
				return false
			}
			t = days * bar.Day
		}
		if t <= last && i > 0 {
			return false
		}
		times[i], last = t, t
	}
	return true
}
