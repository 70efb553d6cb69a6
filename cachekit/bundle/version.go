package bundle

import (
	"encoding/hex"
	"fmt"
)

// A Version names the content of a bundle: it is the SHA-256 of the bytes of the
// manifest, which holds the SHA-256 of every column of every asset. Two bundles
// of one version hold the same symbols and the same bars, bit for bit. The zero
// Version is no version.
type Version [32]byte

// String returns v as 64 lower-case hexadecimal digits.
func (v Version) String() string { return hex.EncodeToString(v[:]) }

// IsZero reports whether v is no version.
func (v Version) IsZero() bool { return v == Version{} }

// ParseVersion is the inverse of [Version.String].
func ParseVersion(s string) (Version, error) {
	var v Version
	if err := v.UnmarshalText([]byte(s)); err != nil {
		return Version{}, err
	}
	return v, nil
}

// MarshalText returns the text of [Version.String].
func (v Version) MarshalText() ([]byte, error) {
	return hex.AppendEncode(nil, v[:]), nil
}

// UnmarshalText accepts what [Version.MarshalText] returns and nothing else.
func (v *Version) UnmarshalText(text []byte) error {
	var parsed Version
	if !decodeHex(parsed[:], text) {
		return fmt.Errorf("version %.80q: must be %d lower-case hexadecimal digits", text, 2*len(v))
	}
	*v = parsed
	return nil
}

// decodeHex fills dst from exactly twice as many lower-case digits.
func decodeHex(dst, text []byte) bool {
	if len(text) != 2*len(dst) {
		return false
	}
	for i := range dst {
		hi, lo := hexDigit[text[2*i]], hexDigit[text[2*i+1]]
		if hi|lo > 15 {
			return false
		}
		dst[i] = hi<<4 | lo
	}
	return true
}

// hexDigit is the value of each lower-case hexadecimal digit, 255 for all else.
var hexDigit = func() (table [256]byte) {
	for i := range table {
		table[i] = 255
	}
	for i := range byte(10) {
		table['0'+i] = i
	}
	for i := range byte(6) {
		table['a'+i] = 10 + i
	}
	return table
}()
