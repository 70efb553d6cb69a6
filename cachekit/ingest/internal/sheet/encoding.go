package sheet

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// decode returns the text of a file as UTF-8, and the name of its encoding.
func decode(r *bufio.Reader, start []byte) (io.Reader, string) {
	switch {
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		r.Discard(3)
		return r, "UTF-8"
	case bytes.HasPrefix(start, []byte("\xff\xfe")):
		r.Discard(2)
		return wide(r, unicode.LittleEndian)
	case bytes.HasPrefix(start, []byte("\xfe\xff")):
		r.Discard(2)
		return wide(r, unicode.BigEndian)
	}
	switch even, odd := zeros(start); {
	case odd > len(start)/5 && even < len(start)/50:
		return wide(r, unicode.LittleEndian)
	case even > len(start)/5 && odd < len(start)/50:
		return wide(r, unicode.BigEndian)
	case !validStart(start):
		return charmap.Windows1252.NewDecoder().Reader(r), "Windows-1252"
	}
	return r, "UTF-8"
}

func wide(r io.Reader, order unicode.Endianness) (io.Reader, string) {
	name := "UTF-16 LE"
	if order == unicode.BigEndian {
		name = "UTF-16 BE"
	}
	return unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Reader(r), name
}

// zeros counts the NUL bytes at even and at odd places: the letters of UTF-16 have one each.
func zeros(b []byte) (even, odd int) {
	for i, c := range b {
		switch {
		case c != 0:
		case i%2 == 0:
			even++
		default:
			odd++
		}
	}
	return even, odd
}

// validStart says whether a text that may be cut within a letter is UTF-8.
func validStart(b []byte) bool {
	for range utf8.UTFMax - 1 {
		if utf8.Valid(b) {
			return true
		}
		if r, size := utf8.DecodeLastRune(b); r != utf8.RuneError || size != 1 {
			return false
		}
		b = b[:len(b)-1]
	}
	return utf8.Valid(b)
}
