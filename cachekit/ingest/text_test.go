package ingest

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/testbed/random"
	"github.com/bmadventure/optcache/cachekit/market"
)

// TestAcceptedCSV holds every accepted way to write the same two bars against
// the plain one.
func TestAcceptedCSV(t *testing.T) {
	plain := emptyStore(t)
	want, err := Dir(t.Context(), plain, "b", folder(t, map[string]string{"A.csv": header1 + row1 + row2}), Options{})
	if err != nil || want.Bars != 2 || want.Frequency != market.Daily || want.Fields != bundle.OHLCV {
		t.Fatalf("%+v, %v", want, err)
	}
	for name, text := range map[string]string{
		"byte order mark":      "\ufeff" + header1 + row1 + row2,
		"CRLF":                 strings.ReplaceAll(header1+row1+row2, "\n", "\r\n"),
		"no last newline":      strings.TrimSuffix(header1+row1+row2, "\n"),
		"quoted fields":        `"date","open","high","low","close","volume"` + "\n" + `"2012-01-03","1.5","3","1","2","100"` + "\n" + row2,
		"other case, spaces":   " DATE , Open,HIGH,low ,Close,VOLUME\n" + row1 + " 2012-01-04 , 2 ,3,1,2.5,200\n",
		"another order":        "volume,close,low,high,open,date\n100,2,1,3,1.5,2012-01-03\n200,2.5,1,3,2,2012-01-04\n",
		"timestamp":            strings.Replace(header1, "date", "timestamp", 1) + row1 + row2,
		"datetime":             strings.Replace(header1, "date", "datetime", 1) + row1 + row2,
		"time":                 strings.Replace(header1, "date", "time", 1) + row1 + row2,
		"day":                  strings.Replace(header1, "date", "day", 1) + row1 + row2,
		"midnight":             header1 + "2012-01-03 00:00:00,1.5,3,1,2,100\n2012-01-04T00:00:00,2,3,1,2.5,200\n",
		"RFC 3339":             header1 + "2012-01-03T00:00:00Z,1.5,3,1,2,100\n2012-01-04T00:00:00.000Z,2,3,1,2.5,200\n",
		"midnight in New York": header1 + "2012-01-03 00:00:00-05:00,1.5,3,1,2,100\n2012-01-04T00:00:00-05:00,2,3,1,2.5,200\n",
		"midnight in Tokyo":    header1 + "2012-01-03 00:00:00+09:00,1.5,3,1,2,100\n2012-01-04 00:00:00.000+09:00,2,3,1,2.5,200\n",
		"other numbers":        header1 + "2012-01-03,1.50,3.0,1e0,+2,100.0\n2012-01-04,2,3,1,0.25E1,200\n",
		"empty lines":          header1 + "\n" + row1 + "\n\n" + row2,
		"newest first":         header1 + row2 + row1,
		"twice":                header1 + row1 + row2 + row1,
		"closes":               header1 + "2012-01-03 16:00:00,1.5,3,1,2,100\n2012-01-04T16:00:00,2,3,1,2.5,200\n",
		"midnight in UTC":      header1 + "2012-01-03T05:00:00Z,1.5,3,1,2,100\n2012-01-04T05:00:00Z,2,3,1,2.5,200\n",
	} {
		for file, text := range map[string]string{"A.csv": text, "A.csv.gz": zipped(text), "A.CSV": text} {
			r, err := Dir(t.Context(), emptyStore(t), "b", folder(t, map[string]string{file: text}), Options{})
			if err != nil || r.Version != want.Version {
				t.Errorf("%s: %s: %+v, %v", file, name, r, err)
			}
		}
	}
}

func TestIgnoredColumnsAreReported(t *testing.T) {
	s := emptyStore(t)
	r, err := Dir(t.Context(), s, "b", folder(t, map[string]string{
		"A.csv":     "id,date,open,high,low,close,volume,Adj Close\n7,2012-01-03,1.5,3,1,2,100,9\n",
		"B.csv":     header1 + row1,
		"README.md": "about",
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"Adj Close", "id"}, r.IgnoredColumns); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"README.md"}, r.IgnoredFiles); d != "" {
		t.Error(d)
	}
	if len(r.Files) != 2 || r.Assets != 2 || r.Longest != 1 || !r.New || !r.Previous.IsZero() {
		t.Errorf("%+v", r)
	}
}

func TestSymbolIsTheFileNameLessItsSuffix(t *testing.T) {
	s := emptyStore(t)
	r, err := Dir(t.Context(), s, "b", folder(t, map[string]string{
		"BRK.B.csv": header1 + row1, "a.b.csv.gz": zipped(header1 + row1), "X.csv.csv": header1 + row1, "^INX.csv": header1 + row1,
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := opened(t, s, r.Version)
	var symbols []string
	for _, a := range b.Assets() {
		symbols = append(symbols, a.Symbol)
	}
	if d := cmp.Diff([]string{"BRK.B", "X", "^INX", "a.b"}, symbols); d != "" {
		t.Error(d)
	}
}

func TestMinuteBars(t *testing.T) {
	text := "timestamp,open,high,low,close,volume\n" +
		"2012-01-31T23:59:00Z,1,1,1,1,1\n2012-02-01 00:00:00.5,1,1,1,1,1\n2012-02-01 09:31:00.123456789+09:00,1,1,1,1,1\n"
	s := emptyStore(t)
	r, err := Dir(t.Context(), s, "b", folder(t, map[string]string{"A.csv": text}), Options{})
	if err != nil || r.Frequency != market.Frequency(time.Second) {
		t.Fatalf("%+v, %v", r, err)
	}
	bars, err := opened(t, s, r.Version).Read(t.Context(), bundle.Query{Symbols: []string{"A"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, at := range bars.Group(0).Times {
		got = append(got, time.Unix(0, at).UTC().Format(time.RFC3339Nano))
	}
	if d := cmp.Diff([]string{"2012-01-31T23:59:00Z", "2012-02-01T00:00:00.5Z", "2012-02-01T00:31:00.123456789Z"}, got); d != "" {
		t.Error(d)
	}
}

// TestRefusedCSV lists all that is refused, with what the error must say.
func TestRefusedCSV(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":                    {"", "A.csv: the file is empty"},
		"only a mark":              {"\ufeff", "A.csv: the file is empty"},
		"only a header":            {header1, "A.csv:1: there is a header but no row"},
		"missing column":           {"date,open,high,close,volume\n2012-01-03,1,1,1,1\n", "A.csv:1: low: the column is missing"},
		"missing date":             {"open,high,low,close,volume\n1,1,1,1,1\n", "A.csv:1: date: no column is one of times"},
		"repeated column":          {"date,open,high,low,close,volume,Open\n2012-01-03,1,1,1,1,1,1\n", "A.csv:1: Open: column 7 holds what column 2 (open) holds"},
		"too few fields":           {header1 + "2012-01-03,1,1,1,1\n", "A.csv:2: there are 5 fields, but the header has 6"},
		"text":                     {header1 + row1 + "2012-01-04,abc,1,1,1,1\n", `A.csv:3: open: "abc": it is not a number`},
		"empty number":             {header1 + "2012-01-03,1,1,1,,1\n", "A.csv:2: close: there is no value"},
		"NaN":                      {header1 + "2012-01-03,1,NaN,1,1,1\n", `A.csv:2: high: "NaN": there is no value`},
		"Inf":                      {header1 + "2012-01-03,1,1,1,1,inf\n", `A.csv:2: volume: "inf": it is not a number`},
		"-Inf":                     {header1 + "2012-01-03,1,1,-Infinity,1,1\n", `A.csv:2: low: "-Infinity": it is not a number`},
		"too large":                {header1 + "2012-01-03,1,1e999,1,1,1\n", `A.csv:2: high: "1e999": the number is too large`},
		"too small":                {header1 + "2012-01-03,1,1,1e-400,1,1\n", `A.csv:2: low: "1e-400": the number is too small`},
		"a program's number":       {header1 + "2012-01-03,1_0,1,1,1,1\n", `A.csv:2: open: "1_0": it is not a number`},
		"hexadecimal":              {header1 + "2012-01-03,0x1p-2,1,1,1,1\n", `A.csv:2: open: "0x1p-2": it is not a number`},
		"zero":                     {header1 + "2012-01-03,1,1,0,1,1\n", `A.csv:2: low: "0": a price of zero`},
		"negative":                 {header1 + "2012-01-03,1,1,-37.63,1,1\n", `A.csv:2: low: "-37.63": a negative price`},
		"negative split":           {"date,open,high,low,close,volume,split\n2012-01-03,1,1,1,1,1,-2\n", `A.csv:2: split: "-2": a split is`},
		"negative dividend":        {"date,open,high,low,close,volume,dividend\n2012-01-03,1,1,1,1,1,-2\n", `A.csv:2: dividend: "-2": a dividend is not negative`},
		"two rows, two times":      {"date,time,open,high,low,close,volume\n2012-01-03,9:99,1,1,1,1,1\n", `A.csv:2: date: "2012-01-03 9:99": it is not a date`},
		"negative volume":          {header1 + "2012-01-03,1,1,1,1,-5\n", `A.csv:2: volume: "-5": the volume is negative`},
		"high below low":           {header1 + "2012-01-03,1,0.5,1,1,1\n", `A.csv:2: high: "0.5": the high is below the low of 1`},
		"open above high":          {header1 + "2012-01-03,4,3,1,2,1\n", `A.csv:2: open: "4": the open is outside low 1 to high 3`},
		"close below low":          {header1 + "2012-01-03,2,3,1,0.5,1\n", `A.csv:2: close: "0.5": the close is outside low 1 to high 3`},
		"two of one date":          {header1 + row1 + "\n2012-01-03,1,1,1,1,1\n", `A.csv:4: date: "2012-01-03": it occurs twice, here and in line 2, with different values`},
		"no date":                  {header1 + ",1,1,1,1,1\n", "A.csv:2: date: it is not a date"},
		"American date":            {header1 + "01/03/2012,1,1,1,1,1\n", `A.csv: date: "01/03/2012": whether the day or the month comes first cannot be told`},
		"no such day":              {header1 + "2012-02-30,1,1,1,1,1\n", `A.csv:2: date: "2012-02-30": it is not a date`},
		"hour 25":                  {header1 + "2012-01-03T25:00:00Z,1,1,1,1,1\n", "A.csv:2: date"},
		"too fine":                 {header1 + "2012-01-03 09:31:00.1234567891,1,1,1,1,1\n", "it is finer than a nanosecond"},
		"before 1678":              {header1 + "1600-01-01,1,1,1,1,1\n", `A.csv:2: date: "1600-01-01": it is outside the years 1678 to 2261`},
		"after 2261":               {header1 + "2300-01-01T00:00:00Z,1,1,1,1,1\n", "it is outside the years 1678 to 2261"},
		"after 2261 by its offset": {header1 + "2262-04-11T23:59:00+14:00,1,1,1,1,1\n", "it is outside the years 1678 to 2261"},
		"quote not closed":         {header1 + "\"2012-01-03,1,1,1,1,1\n", "A.csv:2: \"\\\"2012"},
		"line after a quote":       {"date,open,high,low,close,volume,note\n2012-01-03,1,1,1,1,1,\"two\nlines\"\n2012-01-04,x,1,1,1,1,\n", `A.csv:4: open: "x"`},
	} {
		s := emptyStore(t)
		dir := folder(t, map[string]string{"A.csv": c.text})
		_, err := Dir(t.Context(), s, "b", dir, Options{})
		refused(t, name, s, err, strings.ReplaceAll(c.want, "A.csv", filepath.Join(dir, "A.csv")))
	}
}

func TestDailyFrequencyRefusesTimesOfDay(t *testing.T) {
	dir := folder(t, map[string]string{"A.csv": header1 + row1 + "2012-01-04 09:31:00,2,3,1,2.5,200\n"})
	s := emptyStore(t)
	_, err := Dir(t.Context(), s, "b", dir, Options{Frequency: market.Daily})
	refused(t, "time of day", s, err, `A.csv:3: date: "2012-01-04T09:31:00Z": the other daily bars of the file have no time of day`)
	if _, err := Dir(t.Context(), s, "b", dir, Options{Frequency: -9}); err == nil {
		t.Error("an unknown frequency is accepted")
	}
}

func TestRefusedGzip(t *testing.T) {
	var text strings.Builder
	text.WriteString(header1)
	for i := range 5000 {
		fmt.Fprintf(&text, "%s,1.%d,3,1,2,%d\n", time.Unix(int64(i)*86400, 0).UTC().Format(time.DateOnly), i, i*i)
	}
	good := zipped(text.String())
	flipped := []byte(good)
	flipped[len(flipped)-6] ^= 1
	for name, c := range map[string]struct{ data, want string }{
		"cut off":           {good[:len(good)/2], "the data is cut off or damaged (unexpected EOF)"},
		"cut off at header": {good[:5], "the data is cut off or damaged"},
		"cut off at sum":    {good[:len(good)-3], "the data is cut off"},
		"altered":           {string(flipped), "the data is cut off or damaged (gzip: invalid checksum)"},
		"empty":             {"", "the file is empty"},
		"zipped nothing":    {zipped(""), "the file is empty"},
		"bytes after":       {good + "xxxxxxxxxxx", "the data is cut off or damaged"},
	} {
		s := emptyStore(t)
		_, err := Dir(t.Context(), s, "b", folder(t, map[string]string{"A.csv.gz": c.data}), Options{})
		refused(t, name, s, err, c.want)
	}
}

func TestTwentyProblemsOfAllFilesAreTold(t *testing.T) {
	bad := header1
	for i := range 15 {
		bad += fmt.Sprintf("2012-01-%02d,1,1,2,%d,1\n", i+1, i+9) // a high below the low
		bad += fmt.Sprintf("2012-02-%02d,1,9,1,%d,1\n", i+1, 10+i)
	}
	s := emptyStore(t)
	files := map[string]string{"A.csv": header1 + row1}
	for i := range 15 {
		files[fmt.Sprintf("B%02d.csv", i)] = bad
	}
	_, err := Dir(t.Context(), s, "b", folder(t, files), Options{})
	refused(t, "many", s, err, "and 10 more")
	refused(t, "lines of one kind", s, err, "(and 14 more lines like it)")
	var input *bundle.InputError
	if errors.As(err, &input) && (len(input.Problems) != 20 || input.More != 10 || input.Problems[2].Line != 2 ||
		filepath.Base(input.Problems[2].File) != "B01.csv" || input.Problems[0].Also != 14) {
		t.Errorf("%d problems, %d more; the third is %+v", len(input.Problems), input.More, input.Problems[2])
	}
}

func TestNumbersAreKeptBitForBit(t *testing.T) {
	s := emptyStore(t)
	text := "date,open,high,low,close,volume\n2012-01-03,0.05,0.1,5e-324,5e-324,0.30000000000000004\n"
	r, err := Dir(t.Context(), s, "b", folder(t, map[string]string{"A.csv": text}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	bars, err := opened(t, s, r.Version).Read(t.Context(), bundle.Query{})
	if err != nil {
		t.Fatal(err)
	}
	g := bars.Group(0)
	got := []float64{g.Open[0], g.High[0], g.Low[0], g.Close[0], g.Volume[0]}
	want := []float64{0.05, 0.1, 5e-324, 5e-324, math.Nextafter(0.3, 1)}
	if !random.SameBits(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Long files are read ahead of what is made of them: lines and their faults are the same.
func TestFaultsFarDownALongFile(t *testing.T) {
	var b strings.Builder
	b.WriteString(header1)
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 40_000 {
		row := at.Add(time.Duration(i)*time.Minute).Format("2006-01-02T15:04:05Z") + ",10,12,9,11,100\n"
		switch i + 2 { // the line
		case 30_000:
			row = strings.Replace(row, "12", "x", 1)
		case 30_001:
			row = strings.Replace(row, ",100", "", 1)
		}
		b.WriteString(row)
	}
	s := emptyStore(t)
	dir := folder(t, map[string]string{"A.csv": b.String()})
	_, err := Dir(t.Context(), s, "b", dir, Options{})
	refused(t, "two faults", s, err, `A.csv:30000: high: "x"`)
	refused(t, "two faults", s, err, "A.csv:30001: there are 5 fields")
	r, err := Dir(t.Context(), s, "b", dir, Options{BadRows: SkipBadRows})
	if err != nil || r.Bars != 39_998 || r.Files[0].Left != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}
