package unpack

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func wide(s string, big, mark bool) string {
	var b strings.Builder
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		if big {
			b.WriteByte(byte(u >> 8))
		}
		b.WriteByte(byte(u))
		if !big {
			b.WriteByte(byte(u >> 8))
		}
	}
	return b.String()
}

func TestSniff(t *testing.T) {
	for head, want := range map[string]Kind{
		"":                                 Text,
		"Date,Open\n2020-01-01,1\n":        Text,
		"<TICKER>,<PER>,<DATE>,<OPEN>\n":   Text,
		"[time],[open]\n":                  Text,
		"ORCL,2020-01-01,1,2,3,4,5":        Text,
		"GIF8,2020-01-01,1,2,3,4,5":        Text,
		"PARE,2020-01-01,1,2,3,4,5":        Text,
		"BZh9,2020-01-01,1,2,3,4,5":        Text,
		"caf\xe9,open\n":                   Text,
		"open,high\x00close":               Binary,
		"\x01\x02\x03\x04":                 Binary,
		wide("Date,Open\n", false, true):   Text,
		wide("Date,Open\n", true, true):    Text,
		wide("Date,Open\n", true, false):   Text,
		wide("<html><body>", false, true):  HTML,
		"PAR1\x15\x04\x15\x00":             Parquet,
		"PAR1":                             Parquet,
		"\x1f\x8b\x08\x00":                 Gzip,
		"BZh91AY&SY\x01\x02":               Bzip2,
		"BZh9\x17\x72\x45\x38\x50\x90":     Bzip2,
		"\xfd7zXZ\x00\x00":                 XZ,
		"\x28\xb5\x2f\xfd\x04":             Zstd,
		"PK\x03\x04\x14\x00":               Zip,
		"PK\x05\x06\x00\x00":               Zip,
		"7z\xbc\xaf\x27\x1c":               SevenZip,
		"Rar!\x1a\x07\x01\x00":             RAR,
		"ARROW1\x00\x00\xff\xff":           ArrowFile,
		"FEA1\x00\x00\x00\x00":             FeatherV1,
		"\x89HDF\r\n\x1a\n":                HDF5,
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": OldExcel,
		"SQLite format 3\x00":              SQLite,
		"\x80\x04\x95":                     Pickle,
		"ORC\x0a\x1f\x00\x00\x00":          ORC,
		"Obj\x01\x04\x16":                  Avro,
		"\r\n <!DOCTYPE html><html>":       HTML,
		"\ufeff<html lang=en>":             HTML,
		"<?xml version='1.0'?>":            XML,
		"<Error><Code>NoSuchKey":           XML,
		`{"Error Message": "limit"}`:       JSON,
		`[[1577836800000,"7195.24"]]`:      JSON,
		" [ {":                             JSON,
		"version https://git-lfs.github.com/spec/v1\noid sha256:00\n": LFSPointer,
		"%PDF-1.4": PDF,
		strings.Repeat("\x00", 257) + "ustar\x0000": Tar,
	} {
		if got := Sniff([]byte(head)); got != want {
			t.Errorf("%.40q: got %d, want %d", head, got, want)
		}
	}
	workbook := "PK\x03\x04" + strings.Repeat("\x00", 22) + "\x13\x00\x00\x00[Content_Types].xml"
	if got := Sniff([]byte(workbook)); got != Excel {
		t.Errorf("a workbook: %d", got)
	}
}

// Each kind that is not read has advice, and none that is.
func TestAdvice(t *testing.T) {
	read := map[Kind]bool{Text: true, Parquet: true, Gzip: true, Bzip2: true, XZ: true, Zstd: true, Zip: true}
	for k := Text; k <= Binary; k++ {
		if advice := k.Advice("X.dat"); (advice == "") != read[k] || strings.Contains(advice, "%!") {
			t.Errorf("kind %d: %q", k, advice)
		}
	}
	for name, want := range map[string]string{
		"d/X.feather": `python -c 'import pandas as pd; pd.read_feather("X.feather").to_parquet("X.parquet")'`,
		"it's.ftr":    `pd.read_feather("it\u0027s.ftr")`,
	} {
		if got := ArrowFile.Advice(name); !strings.Contains(got, want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := SevenZip.Advice("a b'c;d.7z"); !strings.Contains(got, `7z x './a b'\''c;d.7z'`) {
		t.Errorf("a name for the shell: %s", got)
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("PK\x03\x04\x14\x00"))
	f.Add([]byte(wide("a,b", true, true)))
	f.Fuzz(func(t *testing.T, head []byte) {
		if k := Sniff(head); k < Text || k > Binary {
			t.Errorf("kind %d", k)
		}
	})
}
