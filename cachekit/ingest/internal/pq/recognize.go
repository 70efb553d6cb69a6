package pq

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

const (
	magic     = "PAR1"
	encrypted = "PARE"
	tail      = 8 // the footer's length, and the magic again
)

// strangers are other formats that files named .parquet turn out to be, by their first bytes.
var strangers = []struct{ begin, name string }{
	{"version https://git-lfs", "a git-lfs pointer, not the file itself: run git lfs pull"},
	{"ARROW1", "an Arrow or Feather file, not Parquet: read it with pandas.read_feather and write it with to_parquet"},
	{"FEA1", "a Feather file, not Parquet: read it with pandas.read_feather and write it with to_parquet"},
	{"\xff\xff\xff\xff", "an Arrow stream, not Parquet: read it with pyarrow and write it as Parquet"},
	{"ORC", "an ORC file, not Parquet: read it with pandas.read_orc and write it with to_parquet"},
	{"Obj\x01", "an Avro file, not Parquet: convert it to Parquet or CSV"},
	{"\x1f\x8b", "gzip, not Parquet: unpack it"},
	{"PK\x03\x04", "a zip archive, not Parquet: unpack it"},
	{"\x28\xb5\x2f\xfd", "zstd, not Parquet: unpack it"},
	{"BZh", "bzip2, not Parquet: unpack it"},
	{"\xfd7zXZ", "xz, not Parquet: unpack it"},
	{"\x89HDF", "an HDF5 file, not Parquet: read it with pandas.read_hdf and write it with to_parquet"},
	{"\x80\x04", "a Python pickle, not Parquet: write the frame with to_parquet"},
	{"\x80\x05", "a Python pickle, not Parquet: write the frame with to_parquet"},
	{"SQLite format 3", "an SQLite database, not Parquet: export the table as CSV"},
	{"%PDF", "a PDF, not Parquet"},
}

// recognize refuses what is not a whole Parquet file, and says what it is instead.
func recognize(r io.ReaderAt, size int64) error {
	if size == 0 {
		return refuse("the file is empty: download or write it again")
	}
	head := make([]byte, min(size, 512))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	if !bytes.HasPrefix(head, []byte(magic)) && !bytes.HasPrefix(head, []byte(encrypted)) {
		return stranger(head)
	}
	end := make([]byte, min(size, tail))
	if _, err := r.ReadAt(end, size-int64(len(end))); err != nil && err != io.EOF {
		return err
	}
	switch {
	case bytes.HasSuffix(end, []byte(encrypted)) || string(head[:4]) == encrypted:
		return errEncrypted
	case size < tail+4 || !bytes.HasSuffix(end, []byte(magic)):
		return refuse("the file is cut off: a Parquet file ends in PAR1: copy or download it again")
	}
	if n := int64(binary.LittleEndian.Uint32(end)); n > size-tail-4 {
		return refuse("the file is damaged: its footer would be %d bytes long and the file has %d: "+
			"copy or download it again", n, size)
	}
	return nil
}

var errEncrypted = refuse("the file is encrypted: write it without encryption")

func stranger(head []byte) error {
	for _, s := range strangers {
		if bytes.HasPrefix(head, []byte(s.begin)) {
			return refuse("the file is %s", s.name)
		}
	}
	text := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(string(head), "\ufeff")))
	line, _, _ := strings.Cut(text, "\n")
	switch {
	case strings.HasPrefix(text, "<!doctype") || strings.HasPrefix(text, "<html") || strings.HasPrefix(text, "<?xml"):
		return refuse("the file is a web page (HTML or XML), not Parquet: download it again and see what the page says")
	case strings.HasPrefix(text, "{") || strings.HasPrefix(text, "["):
		return refuse("the file is JSON, not Parquet: see whether it tells an error of the download")
	case strings.ContainsAny(line, ",;\t") && !strings.ContainsRune(line, 0):
		return refuse("the file is text with columns, not Parquet: name it .csv")
	}
	return refuse("the file is no Parquet file: it does not begin with PAR1")
}
