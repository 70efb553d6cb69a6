package sheet

import (
	"bytes"
	"strings"
)

// magics are what files begin with that are no text, or no table.
var magics = []struct{ start, message string }{
	{"PAR1", "this is Parquet under another name: name it .parquet"},
	{"PK\x03\x04", "this is a zip archive under another name: name it .zip, or extract it"},
	{"PK\x05\x06", "this is an empty zip archive"},
	{"\x1f\x8b", "this is gzip under another name: name it .csv.gz"},
	{"BZh", "this is bzip2 under another name: name it .csv.bz2"},
	{"\xfd7zXZ\x00", "this is xz under another name: name it .csv.xz"},
	{"\x28\xb5\x2f\xfd", "this is zstd under another name: name it .csv.zst"},
	{"\x04\x22\x4d\x18", "this is lz4: decompress it with lz4 -d"},
	{"7z\xbc\xaf\x27\x1c", "this is a 7z archive: extract it"},
	{"Rar!", "this is a RAR archive: extract it"},
	{"ARROW1", "this is Arrow IPC (Feather): convert it with pandas.read_feather(...).to_parquet(...)"},
	{"FEA1", "this is Feather: convert it with pandas.read_feather(...).to_parquet(...)"},
	{"\x89HDF\r\n\x1a\n", "this is HDF5: convert it with pandas.read_hdf(...).to_parquet(...)"},
	{"SQLite format 3\x00", "this is an SQLite database: export its table as CSV"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "this is an Excel workbook: save the sheet as CSV"},
	{"\x93NUMPY", "this is a NumPy array: write it as CSV or Parquet with a header"},
	{"ORC", "this is ORC: convert it with pandas.read_orc(...).to_parquet(...)"},
	{"Obj\x01", "this is Avro: convert it to CSV or Parquet"},
	{"%PDF-", "this is a PDF, not CSV: download the data itself"},
	{"DBN", "this is Databento's DBN: write it with databento's to_csv(...) or to_parquet(...)"},
}

// foreign returns what a file is that is no table of text, by the bytes that it begins with; "" if it may be one.
func foreign(start []byte) string {
	for _, m := range magics {
		if !bytes.HasPrefix(start, []byte(m.start)) || isLetters(m.start) && bytes.IndexByte(start, 0) < 0 {
			continue
		}
		if m.start == "PK\x03\x04" && (bytes.Contains(start, []byte("[Content_Types].xml")) ||
			bytes.Contains(start, []byte("xl/"))) {
			return "this is an Excel workbook: save the sheet as CSV"
		}
		return m.message
	}
	switch {
	case len(start) > 2 && start[0] == 0x80 && start[1] >= 2 && start[1] <= 5:
		return "this is a Python pickle: convert it with pandas.read_pickle(...).to_parquet(...)"
	case len(start) > 12 && string(start[8:12]) == "DUCK":
		return "this is a DuckDB database: export its table as CSV or Parquet"
	}
	return ""
}

// isLetters says whether a magic might begin a header: then the file must hold a NUL too.
func isLetters(magic string) bool {
	return strings.IndexFunc(magic, func(r rune) bool { return r < 'A' || r > 'z' }) < 0
}

// foreignText returns what a text is that is no table; "" if it may be one.
func foreignText(text string) string {
	text = strings.TrimLeft(text, " \t\r\n\ufeff")
	low := strings.ToLower(text[:min(len(text), 512)])
	switch {
	case strings.HasPrefix(low, "version https://git-lfs"):
		return "this is a git-lfs pointer: fetch the file with git lfs pull"
	case strings.HasPrefix(low, "/annex/objects/") || strings.HasPrefix(low, "../.git/annex/"):
		return "this is a git-annex pointer: fetch the file with git annex get"
	case startsWithAny(low, "<!doctype html", "<html", "<head", "<body", "<script", "<table", "<div", "<!--"):
		return "this is HTML, not CSV: the download was a page, perhaps a sign-in or an error; download the data itself"
	case startsWithAny(low, "<?xml", "<error", "<response"):
		return "this is XML, not CSV: download the data as CSV"
	case strings.HasPrefix(low, "{\\rtf"):
		return "this is RTF, not CSV: save it as plain text"
	case isJSON(low, '[', "[{\"-0123456789]"):
		return "this is JSON, not CSV: convert it, for example with pandas.read_json(...).to_csv(...)" +
			jsonArrays(low)
	case isJSON(low, '{', "\"}"):
		return "this is JSON, not CSV: it may be a provider's error message (open it and read it), else convert it," +
			" for example with pandas.read_json(...).to_csv(...)"
	}
	return ""
}

func jsonArrays(low string) string {
	if !isJSON(low[1:], '[', "\"-0123456789") {
		return ""
	}
	return ", and name the columns (time,open,high,low,close,volume)"
}

// isJSON says whether a text begins with a bracket and then one of the bytes that JSON has there.
func isJSON(text string, bracket byte, after string) bool {
	text = strings.TrimLeft(text, " \t\r\n")
	if text == "" || text[0] != bracket {
		return false
	}
	text = strings.TrimLeft(text[1:], " \t\r\n")
	return text != "" && strings.IndexByte(after, text[0]) >= 0
}

func startsWithAny(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
