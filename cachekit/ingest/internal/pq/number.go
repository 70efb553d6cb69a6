package pq

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"strconv"
)

// decimalOfInt returns the float64 that is nearest to n / 10^scale. The buffer is for its text.
func decimalOfInt(n int64, scale int, buffer *[]byte) float64 {
	const exact = 1 << 53
	if scale < len(powers) && n <= exact && n >= -exact {
		return float64(n) / powers[scale] // both are exact, so the quotient is rounded once
	}
	*buffer = strconv.AppendInt((*buffer)[:0], n, 10)
	return parseDecimal(buffer, scale)
}

// powers of ten that a float64 equals.
var powers = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
	1e21, 1e22,
}

// decimalOfBytes is decimalOfInt of an integer in two's complement, its highest byte first.
func decimalOfBytes(b []byte, scale int, buffer *[]byte) (float64, error) {
	for len(b) > 8 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80) {
		b = b[1:] // it only repeats the sign
	}
	if len(b) == 0 || len(b) > maxDecimal {
		return 0, errors.New("the decimal has no digits or too many: write the column as double")
	}
	if len(b) <= 8 {
		n := int64(int8(b[0]))
		for _, c := range b[1:] {
			n = n<<8 | int64(c)
		}
		return decimalOfInt(n, scale, buffer), nil
	}
	n := new(big.Int).SetBytes(b)
	if b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	*buffer = n.Append((*buffer)[:0], 10)
	return parseDecimal(buffer, scale), nil
}

func parseDecimal(digits *[]byte, scale int) float64 {
	*digits = append(*digits, 'e', '-')
	*digits = strconv.AppendInt(*digits, int64(scale), 10)
	f, _ := strconv.ParseFloat(string(*digits), 64) // 64 bytes have 155 digits: it is in range
	return f
}

// float16 returns a half-precision number.
func float16(b []byte) float64 {
	h := binary.LittleEndian.Uint16(b)
	exponent, fraction := int(h>>10&31), float64(h&1023)
	value := math.Ldexp(1024+fraction, exponent-25)
	switch {
	case exponent == 0:
		value = math.Ldexp(fraction, -24)
	case exponent == 31 && fraction == 0:
		value = math.Inf(1)
	case exponent == 31:
		return math.NaN()
	}
	if h&0x8000 != 0 {
		return -value
	}
	return value
}

// int96 returns a time as Spark and Impala write it: nanoseconds of a day, and the Julian day.
func int96(b []byte) (int64, error) {
	const epoch = 2_440_588 // 1970-01-01
	nanos := int64(binary.LittleEndian.Uint64(b))
	days := int64(int32(binary.LittleEndian.Uint32(b[8:]))) - epoch
	if nanos < 0 || nanos > day || days > math.MaxInt64/day-1 || days < math.MinInt64/day+1 {
		return 0, errTime
	}
	return days*day + nanos, nil
}
