package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// all reads a sheet to its end.
func all(t *testing.T, s *Sheet) (records [][]string, at []int) {
	t.Helper()
	for {
		record, line, err := s.Read()
		if errors.Is(err, io.EOF) {
			return records, at
		}
		if err != nil {
			t.Fatalf("after %d rows: %v", len(records), err)
		}
		records, at = append(records, slices.Clone(record)), append(at, line)
	}
}

func open(t *testing.T, text string) *Sheet {
	t.Helper()
	s, err := Open(strings.NewReader(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLayouts(t *testing.T) {
	tests := []struct {
		name, text, header, tickers string
		first, last                 string // rows, joined by |
		line, rows                  int    // of the first row
		skipped                     Skipped
	}{
		{name: "plain", text: "date,open\n2021-05-03,1.5\n2021-05-04,2\n", header: "date|open",
			first: "2021-05-03|1.5", last: "2021-05-04|2", line: 2, rows: 2},
		{name: "CRLF", text: "date,open\r\n2021-05-03,1.5\r\n",
			header: "date|open", first: "2021-05-03|1.5", line: 2, rows: 1},
		{name: "CR alone", text: "date,open\r2021-05-03,1.5\r2021-05-04,2\r", header: "date|open",
			first: "2021-05-03|1.5", last: "2021-05-04|2", line: 2, rows: 2},
		{name: "semicolons and decimal commas", text: "Datum;Kurs\n03.05.2021;1,5\n04.05.2021;2,25\n", header: "Datum|Kurs",
			first: "03.05.2021|1,5", last: "04.05.2021|2,25", line: 2, rows: 2},
		{name: "semicolons, no header", text: "20210503 000000;1,5;2,5;1,0\n20210504 000000;2,0;3,0;1,5\n",
			first: "20210503 000000|1,5|2,5|1,0", last: "20210504 000000|2,0|3,0|1,5", line: 1, rows: 2},
		{name: "tabs", text: "<DATE>\t<OPEN>\n2021.05.03\t1.5\n",
			header: "<DATE>|<OPEN>", first: "2021.05.03|1.5", line: 2, rows: 1},
		{name: "pipes", text: "date|open\n2021-05-03|1\n", header: "date|open", first: "2021-05-03|1", line: 2, rows: 1},
		{name: "no header", text: "1620000000000,1.5,2.5\n1620000060000,1.5,2.5\n", first: "1620000000000|1.5|2.5",
			last: "1620000060000|1.5|2.5", line: 1, rows: 2},
		{name: "no header, dates with names", text: "\"May 03, 2021\",1.5\n\"May 04, 2021\",1.5\n",
			first: "May 03, 2021|1.5", last: "May 04, 2021|1.5", line: 1, rows: 2},
		{name: "a time with its zone's name", text: "20210503 09:30:00 US/Eastern,1.5\n", line: 1, rows: 1,
			first: "20210503 09:30:00 US/Eastern|1.5"},
		{name: "comments", text: "# bars\n// of B\n\ndate,open\n% more\n2021-05-03,1\n#2021-05-04,2\n", header: "date|open",
			first: "2021-05-03|1", line: 6, rows: 1, skipped: Skipped{Comments: 4}},
		{name: "header in a comment", text: "# date,open\n2021-05-03,1\n", header: "date|open", first: "2021-05-03|1",
			line: 2, rows: 1},
		{name: "an error of a spreadsheet is no comment", text: "vol,open\n#N/A,1\n3,1\n", header: "vol|open",
			first: "#N/A|1", last: "3|1", line: 2, rows: 2},
		{name: "a row may begin empty", text: ";open;close\n;1;2\n2021-05-03;1;2\n", header: "|open|close",
			first: "|1|2", last: "2021-05-03|1|2", line: 2, rows: 2},
		{name: "titles", text: "https://www.example.org\nBars for B, daily\nunix,date,open\n1620000000,2021-05-03,1\n",
			header: "unix|date|open", first: "1620000000|2021-05-03|1", line: 4, rows: 1, skipped: Skipped{Titles: 2}},
		{name: "directive", text: "sep=;\ndate;open,x\n2021-05-03;1,5\n", header: "date|open,x", first: "2021-05-03|1,5",
			line: 3, rows: 1},
		{name: "quotes", text: "\ufeff\"Date\",\"Vol.\"\n\"05/03/2021\",\"1,234\"\n", header: "Date|Vol.",
			first: "05/03/2021|1,234", line: 2, rows: 1},
		{name: "blanks before quotes", text: "\"Date \", \"Open \"\n\"03-May-2021\", \"1,234.5\"\n", header: "Date|Open",
			first: "03-May-2021|1,234.5", line: 2, rows: 1},
		{name: "quotes over lines", text: "date,note\n2021-05-03,\"a\nb\"\n2021-05-04,c\n", header: "date|note",
			first: "2021-05-03|a\nb", last: "2021-05-04|c", line: 2, rows: 2},
		{name: "comma at every end", text: "date,open\n2021-05-03,1,\n2021-05-04,2,\n", header: "date|open",
			first: "2021-05-03|1", last: "2021-05-04|2", line: 2, rows: 2},
		{name: "comma at every end and in the header", text: "date,open,\n2021-05-03,1,\n2021-05-04,2,\n",
			header: "date|open", first: "2021-05-03|1", last: "2021-05-04|2", line: 2, rows: 2},
		{name: "no name for the names of rows", text: "open,close\n2021-05-03,1,2\n2021-05-04,1,2\n", header: "|open|close",
			first: "2021-05-03|1|2", last: "2021-05-04|1|2", line: 2, rows: 2},
		{name: "names of quantmod", text: "\"B.Open\",\"B.Close\"\n\"2021-05-03\",1,2\n\"2021-05-04\",1,2\n",
			header: "|B.Open|B.Close", first: "2021-05-03|1|2", last: "2021-05-04|1|2", line: 2, rows: 2},
		{name: "a first row without a number", text: "Date,Open,Close\n2021-05-03,0x1p4,1_0\n2021-05-04,1,2\n",
			header: "Date|Open|Close", first: "2021-05-03|0x1p4|1_0", last: "2021-05-04|1|2", line: 2, rows: 2},
		{name: "tickers that are numbers", text: "Date,7203,6758,Note\n2021-05-03,1,2,x\n", header: "Date|7203|6758|Note",
			first: "2021-05-03|1|2|x", line: 2, rows: 1},
		{name: "a summary below",
			text:   "Date,Price,High\n05/03/2021,1,1\n\"Highest: 1,102\",\"Lowest: 1.0\"\n\"Change: 5%\"\n",
			header: "Date|Price|High", first: "05/03/2021|1|1", line: 2, rows: 1,
			skipped: Skipped{Footers: 2, Footer: "Highest: 1,102"}},
		{name: "footer and header of a file that was appended",
			text:   "date,open\n2021-05-03,1\nData by B\ndate,open\n2021-05-04,2\n",
			header: "date|open", first: "2021-05-03|1", last: "2021-05-04|2", line: 2, rows: 2,
			skipped: Skipped{Footers: 1, Headers: 1, Footer: "Data by B"}},
		{name: "missing values are no tickers", text: ",Open,Close\nx,null,null\n3,1,2\n", header: "|Open|Close",
			first: "x|null|null", last: "3|1|2", line: 2, rows: 2},
		{name: "titles padded by a spreadsheet", text: "Bars of B,,\n,,\nDate,Open,Low\n2021-05-03,1,2\n",
			header: "Date|Open|Low", first: "2021-05-03|1|2", line: 4, rows: 1, skipped: Skipped{Titles: 1}},
		{name: "a ruler", text: " date | open\n------+-----\n 2021-05-03 | 1\n", header: "date|open",
			first: " 2021-05-03 | 1", line: 3, rows: 1},
		{name: "the end that DOS wrote", text: "date,open\r\n2021-05-03,1\r\n\x1a\n", header: "date|open",
			first: "2021-05-03|1", line: 2, rows: 1},
		{name: "one ticker", text: "Price,Close,Volume\nTicker,B,B\nDate,,\n2021-05-03,1,2\n", header: "Date|Close|Volume",
			tickers: "|B|B", first: "2021-05-03|1|2", line: 4, rows: 1},
		{name: "two tickers", text: "Price,Close,Close,Volume,Volume\nTicker,B,C,B,C\nDatetime,,,,\n2021-05-03,1,2,3,4\n",
			header: "Datetime|Close|Close|Volume|Volume", tickers: "|B|C|B|C", first: "2021-05-03|1|2|3|4", line: 4, rows: 1},
		{name: "tickers first", text: "Ticker,B,B,C,C\nPrice,Open,Close,Open,Close\nDate,,,,\n2021-05-03,1,2,3,4\n",
			header: "Date|Open|Close|Open|Close", tickers: "|B|B|C|C", first: "2021-05-03|1|2|3|4", line: 4, rows: 1},
		{name: "tickers, older", text: ",Adj Close,Close\n,B,B\nDate,,\n2021-05-03,1,2\n", header: "Date|Adj Close|Close",
			tickers: "|B|B", first: "2021-05-03|1|2", line: 4, rows: 1},
		{name: "tickers, two lines", text: "Price,Close,Volume\nDate,B,B\n2021-05-03,1,2\n", header: "Date|Close|Volume",
			tickers: "|B|B", first: "2021-05-03|1|2", line: 3, rows: 1},
		{name: "footer", text: "Time,Open\n05/03/2021,1\n\"Downloaded from Example as of 05-04-2021 05:00pm CDT\"\n",
			header: "Time|Open", first: "05/03/2021|1", line: 2, rows: 1,
			skipped: Skipped{Footers: 1, Footer: "Downloaded from Example as of 05-04-2021 05:00pm CDT"}},
		{name: "footer of the width of a row", text: "Time,Open,Low\n05/03/2021,1,1\nData provided by B,,\n\n",
			header: "Time|Open|Low", first: "05/03/2021|1|1", line: 2, rows: 1,
			skipped: Skipped{Footers: 1, Footer: "Data provided by B"}},
		{name: "header again", text: "date,open\n2021-05-03,1\ndate,open\n2021-05-04,2\n", header: "date|open",
			first: "2021-05-03|1", last: "2021-05-04|2", line: 2, rows: 2, skipped: Skipped{Headers: 1}},
		{name: "rows without prices", text: "date,open,low\n2021-05-03,,\n2021-05-04,1,2\n,,\n", header: "date|open|low",
			first: "2021-05-03||", last: "2021-05-04|1|2", line: 2, rows: 2},
		{name: "count for names", text: ",0,1\n0,1620000000,1\n1,1620000060,2\n", first: "0|1620000000|1",
			last: "1|1620000060|2", line: 2, rows: 2, skipped: Skipped{Titles: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, test.text)
			records, lines := all(t, s)
			if got := strings.Join(s.Header, "|"); got != test.header || (s.Header == nil) != (test.header == "") {
				t.Errorf("header %q", got)
			}
			if got := strings.Join(s.Tickers, "|"); got != test.tickers {
				t.Errorf("tickers %q", got)
			}
			if len(records) != test.rows {
				t.Fatalf("rows %q", records)
			}
			if got := strings.Join(records[0], "|"); got != test.first || lines[0] != test.line {
				t.Errorf("first row %q on line %d", got, lines[0])
			}
			if got := strings.Join(records[len(records)-1], "|"); test.last != "" && got != test.last {
				t.Errorf("last row %q", got)
			}
			if s.Skipped != test.skipped {
				t.Errorf("skipped %+v", s.Skipped)
			}
			if s.NoNewline {
				t.Error("the last line has no end")
			}
		})
	}
}

// firstError reads until something is wrong.
func firstError(text string, o Options) *Error {
	s, err := Open(strings.NewReader(text), o)
	for err == nil {
		_, _, err = s.Read()
	}
	var e *Error
	errors.As(err, &e)
	return e
}

func TestErrors(t *testing.T) {
	const head = "date,open,close\n2021-05-03,1,2\n"
	tests := []struct {
		name, text, says string
		line             int
		fatal            bool
	}{
		{"empty", "", "the file is empty", 0, true},
		{"blank", " \n\n", "the file is empty", 0, true},
		{"header only", "date,open\n", "a header but no row", 1, true},
		{"header only, no newline", "date,open", "a header but no row", 1, true},
		{"HTML", "\n<!DOCTYPE html><p>", "HTML, not CSV", 0, true},
		{"XML", "<?xml version=1?>", "XML, not CSV", 0, true},
		{"JSON", "{\n \"Note\": \"thanks\"}", "JSON, not CSV", 0, true},
		{"JSON in UTF-16", "\xff\xfe{\x00\"\x00a\x00\"\x00", "JSON, not CSV", 0, true},
		{"JSON of arrays", "[[1620000000000,1,2,3]]", "name the columns", 0, true},
		{"JSON of objects", "[{\"t\":1}]", "JSON, not CSV", 0, true},
		{"git-lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull", 0, true},
		{"a message", "Too many requests\n", "text and no table", 0, true},
		{"zip", "PK\x03\x04\x14\x00a.csv", "zip", 0, true},
		{"xlsx", "PK\x03\x04\x14\x00[Content_Types].xml", "Excel", 0, true},
		{"Parquet", "PAR1\x15\x04\x00", "Parquet", 0, true},
		{"pickle", "\x80\x04\x95\x00", "pickle", 0, true},
		{"Arrow", "ARROW1\x00\x00", "Arrow", 0, true},
		{"HDF5", "\x89HDF\r\n\x1a\n", "HDF5", 0, true},
		{"SQLite", "SQLite format 3\x00", "SQLite", 0, true},
		{"xz", "\xfd7zXZ\x00", "xz", 0, true},
		{"binary", "\x01\x00\x00\x02\x00\x00\x03", "NUL", 0, true},
		{"NUL bytes at the end", head + strings.Repeat("2021-05-04,1,2\n", 6000) + "\x00\x00\n", "NUL", 6003, true},
		{"cut", head + "2021-05-04,1", "cut off: copy it again", 3, false},
		{"cut in the date", head + "2021-0", "cut off: copy it again", 3, false},
		{"too few", head + "2021-05-04,1\n" + "2021-05-05,1,2\n", "there are 2 fields, but the header has 3", 3, false},
		{"thousands", head + "2021-05-04,1,234.5,1,235.5\n", "a number seems to hold a comma", 3, false},
		{"every row with thousands", "date,open,vol\n2021-05-03,1,1,000\n2021-05-04,1,1,000\n",
			"a number seems to hold a comma", 2, false},
		{"decimal commas", "date,open\n2021-05-03,1,25\n2021-05-04,1,5\n", "a number seems to hold a comma", 2, false},
		{"decimal commas under a name of our own", "Fecha,Cierre\n2021-05-03,1,25\n2021-05-04,1,5\n",
			"a number seems to hold a comma", 2, false},
		{"too many", head + "2021-05-04,1,2,x\n", "there are 4 fields, but the header has 3", 3, false},
		{"text between rows", head + "a note\n2021-05-04,1,2\n", "no row, but rows follow", 3, false},
		{"lines in quotes", "\"Date,Open,Low\"\n\"2021-05-03,1,2\"\n", "in quotes as a whole", 2, true},
		{"a quote", head + "2021-05-04,\"1\"x,2\n", "after the closing quote", 3, false},
		{"a quote within", head + "2021-05-04,1\"x,2\n", "within a field", 3, false},
		{"an open quote", head + "2021-05-04,\"1,2\n2021-05-05,1,2\n", "not closed", 3, true},
		{"a long line", head + strings.Repeat("1", maxLine+1) + "\n", "longer than", 3, true},
		{"a long quote", head + "2021-05-04,\"" + strings.Repeat("\n", maxLine+1), "longer than", 3, true},
		{"many columns", head + strings.Repeat(",", maxColumns) + "\n", "columns", 3, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := firstError(test.text, Options{})
			if e == nil {
				t.Fatal("nothing is wrong")
			}
			if !strings.Contains(e.Message, test.says) || e.Line != test.line || e.Fatal != test.fatal {
				t.Errorf("line %d, fatal %t: %s", e.Line, e.Fatal, e.Message)
			}
		})
	}
}

func TestReadingGoesOnAfterAWrongRow(t *testing.T) {
	s := open(t, "date,open,low\n2021-05-03,1,1\nnote\n2021-05-04,2\n2021-05-05,3,3\n")
	var got []string
	for {
		record, line, err := s.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		got = append(got, fmt.Sprint(line, len(record), err != nil))
	}
	if want := []string{"2 3 false", "3 0 true", "4 0 true", "5 3 false"}; !slices.Equal(got, want) {
		t.Errorf("read %q", got)
	}
	if _, _, err := s.Read(); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
}

// A provider's name with an umlaut may come long after the beginning.
func TestAByteOfWindowsFarDown(t *testing.T) {
	s := open(t, "date,note\n"+strings.Repeat("2021-05-03,a\n", blockSize/8)+"2021-05-04,B\xf6rse\n")
	records, _ := all(t, s)
	if got := records[len(records)-1][1]; got != "Börse" {
		t.Errorf("read %q", got)
	}
}

func TestOptions(t *testing.T) {
	s, err := Open(strings.NewReader("date;open,x\n1;2,3\n"), Options{Delimiter: ',', NoHeader: true})
	if err != nil {
		t.Fatal(err)
	}
	records, _ := all(t, s)
	if s.Header != nil || len(records) != 2 || records[1][0] != "1;2" {
		t.Errorf("header %q, rows %q", s.Header, records)
	}
}

func TestNoNewline(t *testing.T) {
	s := open(t, "date,open\n2021-05-03,1\n2021-05-04,2")
	if records, _ := all(t, s); len(records) != 2 || !s.NoNewline {
		t.Errorf("rows %q, told: %t", records, s.NoNewline)
	}
}

// broken fails after its text.
type broken struct{ io.Reader }

var errBroken = errors.New("the disk fails")

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errBroken
	}
	return n, err
}

func TestFailingReaderIsToldAfterTheRowsBeforeIt(t *testing.T) {
	s, err := Open(broken{strings.NewReader("date,open\n2021-05-03,1\n2021-05-04,2\n2021")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, err := s.Read(); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err = s.Read()
	if e := (*Error)(nil); !errors.Is(err, errBroken) || !errors.As(err, &e) || e.Line != 3 {
		t.Errorf("error %v", err)
	}
}

var encodings = map[string]func(string) string{
	"UTF-8":        func(s string) string { return s },
	"UTF-16 LE":    wideWith(unicode.LittleEndian, unicode.IgnoreBOM),
	"UTF-16 BE":    wideWith(unicode.BigEndian, unicode.IgnoreBOM),
	"UTF-16 LE+":   wideWith(unicode.LittleEndian, unicode.UseBOM),
	"UTF-16 BE+":   wideWith(unicode.BigEndian, unicode.UseBOM),
	"UTF-8+":       func(s string) string { return "\ufeff" + s },
	"Windows-1252": func(s string) string { s, _ = charmap.Windows1252.NewEncoder().String(s); return s },
}

func wideWith(order unicode.Endianness, bom unicode.BOMPolicy) func(string) string {
	return func(s string) string { s, _ = unicode.UTF16(order, bom).NewEncoder().String(s); return s }
}

// TestWrittenIsRead writes random tables in every way and reads them back.
func TestWrittenIsRead(t *testing.T) {
	for seed := range uint64(5) {
		rnd := rand.New(rand.NewPCG(seed, 12))
		header, rows := randomTable(rnd)
		for name, encode := range encodings {
			for _, delimiter := range []byte(",;\t|") {
				for _, end := range []string{"\n", "\r\n", "\r"} {
					text := encode(written(header, rows, delimiter, end, rnd))
					s, err := Open(strings.NewReader(text), Options{})
					if err != nil {
						t.Fatalf("%d %s %q %q: %v", seed, name, delimiter, end, err)
					}
					got, _ := all(t, s)
					if !slices.Equal(s.Header, header) || !slices.EqualFunc(got, rows, slices.Equal[[]string]) {
						t.Fatalf("%d %s %q %q:\n%q\nreads\n%q", seed, name, delimiter, end, rows, got)
					}
					if s.Delimiter != delimiter || s.Encoding != strings.TrimSuffix(name, "+") {
						t.Errorf("%d: %s %q is told as %s %q", seed, name, delimiter, s.Encoding, s.Delimiter)
					}
				}
			}
		}
	}
}

func randomTable(rnd *rand.Rand) (header []string, rows [][]string) {
	header = []string{"Datum", "Eröffnung", "Hoch", "Stücke", "Notiz"}
	notes := []string{"", "a", "Größe, \"x\"; y|z\tw", "zwei\nZeilen", " blank ", "é"}
	for day := range 1 + rnd.IntN(3000) {
		rows = append(rows, []string{fmt.Sprintf("20%02d-%02d-%02d", day/336%100, day/28%12+1, day%28+1),
			fmt.Sprintf("%.2f", rnd.Float64()*100), fmt.Sprint(rnd.IntN(100)),
			fmt.Sprintf("%d,%03d", rnd.IntN(9)+1, rnd.IntN(999)),
			notes[rnd.IntN(len(notes))]})
	}
	return header, rows
}

// written writes a table with quotes where they are needed, and at times where they are not.
func written(header []string, rows [][]string, delimiter byte, end string, rnd *rand.Rand) string {
	var b strings.Builder
	for _, record := range append([][]string{header}, rows...) {
		for i, field := range record {
			if i > 0 {
				b.WriteByte(delimiter)
			}
			if strings.ContainsAny(field, "\",;|\t\n ") || rnd.IntN(9) == 0 {
				field = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
			}
			b.WriteString(strings.ReplaceAll(field, "\n", end))
		}
		b.WriteString(end)
	}
	return b.String()
}

// FuzzAgainstCSV reads what encoding/csv reads in the same way.
func FuzzAgainstCSV(f *testing.F) {
	f.Add("a,b\n1,2\n")
	f.Add("a,\"b\"\"c\"\r\n\"1\n2\",3\n,\n\"\",x")
	f.Add("a,\" b\", c \n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\r") || strings.ContainsRune(text, 0) ||
			!utf8.ValidString(text) {
			t.Skip() // read otherwise on purpose
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil {
			return
		}
		l := newLines(strings.NewReader(text))
		for _, record := range want {
			line := ""
			for line == "" {
				if line, err = l.next(); err != nil {
					t.Fatalf("%q: %v before %q", text, err, record)
				}
			}
			got, err := l.split(nil, line, ',')
			if err != nil || !slices.Equal(got, record) {
				t.Fatalf("%q: %q, %v; encoding/csv reads %q", text, got, err, record)
			}
		}
	})
}

// FuzzOpen reads anything to its end: every record has the columns that were told, and lines go up.
func FuzzOpen(f *testing.F) {
	for _, seed := range []string{"date,open\n2021-05-03,1\nfooter\ndate,open\n",
		"Price,Close\nTicker,B\nDate,\n2021-05-03,1\n",
		"sep=;\n#c\na;b\n1;\"2", "\xff\xfe1\x00,\x002\x00", "a\tb\r1\t2\r", "\xe9,1\n2,3", ",0,1\n0,1,2", "1,2,3\n1,2"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Open(bytes.NewReader(b), Options{})
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) || e.Message == "" {
				t.Fatalf("error %v", err)
			}
			return
		}
		if s.Header != nil && len(s.Header) != s.Columns || s.Tickers != nil && len(s.Tickers) != s.Columns {
			t.Fatalf("%d columns: header %q, tickers %q", s.Columns, s.Header, s.Tickers)
		}
		for last := 0; ; {
			record, line, err := s.Read()
			if ends(err) {
				return
			}
			if err == nil && len(record) != s.Columns || line <= last {
				t.Fatalf("line %d after %d: %q, %v", line, last, record, err)
			}
			last = line
		}
	})
}

func TestReadMakesNothingForARow(t *testing.T) {
	text := "date,open,high,low,close,volume\n" + strings.Repeat("2021-05-03 09:30:00,1.5,2.5,1.25,2,1000\n", 50_000)
	s := open(t, text)
	const rows = 10_000
	made := testing.AllocsPerRun(1, func() {
		for range rows {
			if _, _, err := s.Read(); err != nil {
				t.Fatal(err)
			}
		}
	})
	if made > rows/100 {
		t.Errorf("%d rows make %g allocations", rows, made)
	}
}

func BenchmarkRead(b *testing.B) {
	plain := "date,open,high,low,close,volume\n" +
		strings.Repeat("2021-05-03 09:30:00,101.5,102.5,101.25,102,1000\n", 200_000)
	quoted := "date,vol\n" + strings.Repeat("\"05/03/2021\",\"1,234\"\n", 200_000)
	for _, c := range []struct{ name, text string }{{"plain", plain}, {"quoted", quoted}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for range b.N {
				s, err := Open(strings.NewReader(c.text), Options{})
				for err == nil {
					_, _, err = s.Read()
				}
				if !errors.Is(err, io.EOF) {
					b.Fatal(err)
				}
			}
		})
	}
}
