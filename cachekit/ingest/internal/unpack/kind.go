package unpack

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// A Kind is what a file holds, as its first bytes say.
type Kind int

// The kinds that [Sniff] tells apart.
const (
	Text        Kind = iota // none of the others: lines of text, or nothing at all
	Parquet                 // read as it is
	Gzip                    // read through
	Bzip2                   // read through
	XZ                      // read through
	Zstd                    // read through
	Zip                     // read through
	Tar                     // and all below: not read, and [Kind.Advice] says how to convert
	SevenZip                // 7z
	RAR                     // RAR of any version
	LZ4                     // frames of lz4
	UnixZ                   // compress of old Unix: .Z
	ArrowFile               // Arrow IPC with a footer, which is Feather V2
	ArrowStream             // Arrow IPC without a footer
	FeatherV1               // Feather of before 2020
	HDF5                    // pandas' to_hdf, MATLAB's .mat of version 7.3
	Excel                   // .xlsx: a zip with a folder xl
	OldExcel                // .xls, and all that old Office wrote
	SQLite                  // a database in one file
	Pickle                  // Python objects
	NumPy                   // an array of numpy
	ORC                     // columns, of Hive's
	Avro                    // rows with a schema
	HTML                    // a page, most often of a server that refused
	XML                     // a document
	JSON                    // an object or an array
	LFSPointer              // git-lfs: where a file is, instead of the file
	PDF                     // a document
	Image                   // PNG, JPEG or GIF
	Binary                  // bytes that are no text and nothing of the above
)

// SniffLen is how many first bytes of a file [Sniff] can use.
const SniffLen = 1024

// magics are the first bytes of kinds that have some of their own. Those that are like text could be the first symbol
// of a table: they count where no text follows.
var magics = []struct {
	kind     Kind
	bytes    string
	likeText bool
}{
	{Parquet, "PAR1", true},
	{Parquet, "PARE", true}, // with an encrypted footer: the reader of Parquet says so
	{Gzip, "\x1f\x8b", false},
	{XZ, "\xfd7zXZ\x00", false},
	{Zstd, "\x28\xb5\x2f\xfd", false},
	{SevenZip, "7z\xbc\xaf\x27\x1c", false},
	{RAR, "Rar!\x1a\x07", false},
	{LZ4, "\x04\x22\x4d\x18", false},
	{UnixZ, "\x1f\x9d", false},
	{ArrowFile, "ARROW1", true},
	{ArrowStream, "\xff\xff\xff\xff", false},
	{FeatherV1, "FEA1", true},
	{HDF5, "\x89HDF\r\n\x1a\n", false},
	{OldExcel, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", false},
	{SQLite, "SQLite format 3\x00", false},
	{NumPy, "\x93NUMPY", false},
	{ORC, "ORC", true},
	{Avro, "Obj\x01", true},
	{LFSPointer, "version https://git-lfs.github.com/spec/", false},
	{PDF, "%PDF-", false},
	{Image, "\x89PNG\r\n\x1a\n", false},
	{Image, "\xff\xd8\xff", false},
	{Image, "GIF8", true},
}

// Sniff says what begins with these bytes, of which [SniffLen] are enough. What
// could be lines of text is Text.
func Sniff(head []byte) Kind {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.bytes)) && (!m.likeText || len(head) < 16 || !isText(head)) {
			return m.kind
		}
	}
	switch {
	case len(head) > 9 && string(head[:3]) == "BZh" && slices.Contains(bzip2Starts, string(head[4:10])):
		return Bzip2
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return sniffZip(head)
	case bytes.HasPrefix(head, []byte("PK\x05\x06")), bytes.HasPrefix(head, []byte("PK\x07\x08PK")):
		return Zip // empty, or the first part of several
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return Tar
	case len(head) > 2 && head[0] == 0x80 && 2 <= head[1] && head[1] <= 5:
		return Pickle
	case len(head) > 3 && head[0] == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18:
		return Zstd // a frame to skip, as pzstd writes one first
	case !isText(head):
		return Binary
	}
	return sniffText(head)
}

// bzip2Starts are what follows the first four bytes of a bzip2 file: a block, or the end of nothing.
var bzip2Starts = []string{"1AY&SY", "\x17\x72\x45\x38\x50\x90"}

// sniffZip tells a workbook from other zips by the name of the first member.
func sniffZip(head []byte) Kind {
	if len(head) < 30 {
		return Zip
	}
	name := head[30:min(len(head), 30+int(head[26])+int(head[27])<<8)]
	for _, first := range []string{"[Content_Types].xml", "_rels/", "xl/", "docProps/"} {
		if bytes.HasPrefix(name, []byte(first)) {
			return Excel
		}
	}
	return Zip
}

// htmlTags are what pages begin with. Other words in brackets are columns: <TICKER>,<PER>,<DATE>.
var htmlTags = []string{"<!doctype", "<!--", "<html", "<head>", "<head ", "<body", "<title>", "<meta", "<script",
	"<style", "<table", "<div", "<center", "<h1", "<p>", "<br", "<pre>"}

// sniffText tells pages and documents from lines of text. A row may begin with a bracket or a sign of its own, so a
// single such character is not enough.
func sniffText(head []byte) Kind {
	text := strings.TrimLeft(strings.TrimPrefix(plain(head), "\ufeff"), " \t\r\n")
	lower := strings.ToLower(text[:min(len(text), 200)])
	switch {
	case strings.HasPrefix(lower, "<?xml"), strings.HasPrefix(lower, "<error>"):
		return XML
	case slices.ContainsFunc(htmlTags, func(tag string) bool { return strings.HasPrefix(lower, tag) }):
		return HTML
	case strings.HasPrefix(text, "{"):
		return JSON
	case strings.HasPrefix(text, "["):
		if rest := strings.TrimLeft(text[1:], " \t\r\n"); rest == "" ||
			strings.ContainsAny(rest[:1], `[{"]-0123456789`) {
			return JSON
		}
	}
	return Text
}

// plain returns the text of a head, from UTF-16 if its first bytes say so.
func plain(head []byte) string {
	big := bytes.HasPrefix(head, []byte("\xfe\xff"))
	if !big && !bytes.HasPrefix(head, []byte("\xff\xfe")) {
		return string(head)
	}
	var units []uint16
	for i := 2; i+1 < len(head); i += 2 {
		unit := uint16(head[i]) | uint16(head[i+1])<<8
		if big {
			unit = uint16(head[i])<<8 | uint16(head[i+1])
		}
		units = append(units, unit)
	}
	return string(utf16.Decode(units))
}

// isText reports whether bytes can be text in UTF-8, UTF-16 or a code page: text has no zero bytes but those of
// UTF-16, which has them in every other place, and few control characters.
func isText(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return true
	}
	var zeros [2]int
	controls := 0
	for i, c := range head {
		switch {
		case c == 0:
			zeros[i%2]++
		case c < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1a\x1b", rune(c)):
			controls++
		}
	}
	oneSided := zeros[0] == 0 || zeros[1] == 0 // UTF-16 without a mark
	mostly := max(zeros[0], zeros[1]) == 0 || max(zeros[0], zeros[1]) >= len(head)*2/5
	return controls == 0 && oneSided && mostly
}

// Advice says what a file of this kind is and how to make bars of it that are read, with the file's name in the
// command; "" for the kinds that are read.
func (k Kind) Advice(name string) string {
	if k == HTML || k == XML || k == JSON || k == LFSPointer || k == PDF || k == Image || k == Binary {
		return k.adviceOnText(name)
	}
	if reader, ok := pandas[k]; ok {
		return fmt.Sprintf("this is %s: write it as Parquet or CSV (%s)", reader.title, reader.command(name))
	}
	switch k {
	case Tar:
		return "this is a tar archive: unpack it into a folder (tar -xf " + shell(name) + ") and give the folder"
	case SevenZip:
		return "this is a 7z archive: unpack it into a folder (7z x " + shell(name) + ") and give the folder"
	case RAR:
		return "this is a RAR archive: unpack it into a folder (unrar x " + shell(name) + ") and give the folder"
	case LZ4:
		return "this is compressed with lz4: unpack it (lz4 -d " + shell(name) + ")"
	case UnixZ:
		return "this is compressed with compress: unpack it (gzip -dk " + shell(name) + ")"
	case NumPy:
		return "this is an array of numpy, which names no columns: write it as Parquet or CSV with a column for " +
			"the time and one for each of open, high, low, close and volume"
	case SQLite:
		return "this is an SQLite database: write the table with the bars as CSV (sqlite3 -header -csv " +
			shell(name) + " 'select * from TABLE' > " + shell(stem(name)+".csv") + ")"
	case ORC:
		return "this is ORC: write it as Parquet (python -c 'import pandas as pd; pd.read_orc(" + python(name) +
			").to_parquet(" + python(stem(name)+".parquet") + ")')"
	case Avro:
		return "this is Avro: write it as Parquet or CSV, for example with DuckDB or Spark"
	}
	return ""
}

func (k Kind) adviceOnText(name string) string {
	switch k {
	case HTML:
		return "this is an HTML page, not bars: what was saved is a web page, often one that asks to log in or says " +
			"that a limit was reached; open it to see, and download the file again"
	case XML:
		return "this is XML, not bars: download or export it as CSV"
	case JSON:
		return "this is JSON, not lines of bars: if it holds bars, write it as CSV or Parquet; if it is a provider's " +
			"message, it says what went wrong with the download"
	case LFSPointer:
		return "this is a git-lfs pointer, not the file that it stands for: fetch that (git lfs pull)"
	case PDF:
		return "this is a PDF document, not bars: download or export the data as CSV"
	case Image:
		return "this is an image, not bars"
	}
	return "this is neither text nor a format that is known: write the bars of " + strconv.Quote(path.Base(name)) +
		" as CSV or Parquet"
}

// A pandasReader is how pandas reads a kind.
type pandasReader struct {
	title, function, arguments string
}

var pandas = map[Kind]pandasReader{
	ArrowFile:   {"Feather, which is an Arrow file", "read_feather", ""},
	ArrowStream: {"an Arrow stream", "", ""},
	FeatherV1:   {"Feather of version 1", "read_feather", ""},
	HDF5:        {"HDF5", "read_hdf", ""},
	Excel:       {"an Excel workbook", "read_excel", ""},
	OldExcel:    {"an Excel workbook of before 2007", "read_excel", ""},
	Pickle:      {"a pickle of Python's, which runs code when it is read", "read_pickle", ""},
}

func (r pandasReader) command(name string) string {
	read := "pd." + r.function + "(" + python(name) + ")"
	imports := "import pandas as pd"
	if r.function == "" {
		imports, read = "import pyarrow as pa", "pa.ipc.open_stream("+python(name)+").read_pandas()"
	}
	return fmt.Sprintf("python -c 'import %s; %s.to_parquet(%s)'", strings.TrimPrefix(imports, "import "), read,
		python(stem(name)+".parquet"))
}

// stem returns the name of a file less its ending.
func stem(name string) string {
	base := path.Base(name)
	if s := strings.TrimSuffix(base, path.Ext(base)); s != "" {
		return s
	}
	return base
}

// python writes a file's name as Python has text, fit to stand in single quotes of a shell.
func python(name string) string {
	return strings.ReplaceAll(strconv.Quote(path.Base(name)), "'", `\u0027`)
}

// shell writes a file's name as a word of a shell.
func shell(name string) string {
	base := path.Base(name)
	if strings.IndexFunc(base, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-+=", r))
	}) < 0 && !strings.HasPrefix(base, "-") {
		return base
	}
	return "'./" + strings.ReplaceAll(base, "'", `'\''`) + "'"
}
