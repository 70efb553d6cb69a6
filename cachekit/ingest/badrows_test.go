package ingest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/bundle"
)

func TestBadRows(t *testing.T) {
	dir := folder(t, map[string]string{"A.csv": header1 + row1 +
		"2012-01-04,2,3,1,9,5\n2012-01-05,x,y,1,2,5\n2012-01-06,2,3,1\n2012-01-09,2,3,1,2,5\n"})
	s := emptyStore(t)
	_, err := Dir(t.Context(), s, "b", dir, Options{})
	refused(t, "fail", s, err, `A.csv:3: close: "9": the close is outside low 1 to high 3`)
	r, err := Dir(t.Context(), s, "b", dir, Options{BadRows: SkipBadRows})
	if err != nil || r.Bars != 2 || r.Files[0].Left != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	want := []bundle.Note{
		{Kind: noteLeft, Count: 1, Example: "line 5:"},
		{Kind: noteLeft, Symbol: "A", Count: 2, Example: "line 3: close 9"},
	}
	if d := cmp.Diff(want, opened(t, s, r.Version).Facts().Notes); d != "" {
		t.Error(d)
	}
	dir = folder(t, map[string]string{"A.csv": header1 + row1 + "2012-01-04,2,3,1,9,5\n"})
	s = emptyStore(t)
	r, err = Dir(t.Context(), s, "b", dir, Options{BadRows: ClampBadRows})
	if err != nil || r.Bars != 2 || r.Files[0].Moved != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	bars, err := opened(t, s, r.Version).Read(t.Context(), bundle.Query{})
	if err != nil || bars.Group(0).Close[1] != 3 {
		t.Errorf("%v, %v", bars.Group(0).Close, err)
	}
	dir = folder(t, map[string]string{"A.csv": header1 + "2012-01-04,2,1,3,2,5\n"})
	s = emptyStore(t)
	_, err = Dir(t.Context(), s, "b", dir, Options{BadRows: ClampBadRows})
	refused(t, "clamp", s, err, "the high is below the low")
}

func TestMinusOfCRSP(t *testing.T) {
	crsp := "DATE,OPENPRC,ASKHI,BIDLO,PRC,VOL\n2020-01-02,12.6,12.7,12.4,-12.5,0\n2020-01-03,12.4,12.6,12.3,12.45,100\n"
	for name, c := range map[string]struct {
		text    string
		options Options
	}{
		"its names": {crsp, Options{}},
		"a flag":    {"date,open,high,low,close,volume\n2020-01-02,12.6,12.7,12.4,-12.5,0\n2020-01-03,12.4,12.6,12.3,12.45,100\n", Options{CRSP: true}},
	} {
		s := emptyStore(t)
		r, err := Dir(t.Context(), s, "b", folder(t, map[string]string{"10001.csv": c.text}), c.options)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		bars, err := opened(t, s, r.Version).Read(t.Context(), bundle.Query{})
		if err != nil || bars.Group(0).Close[0] != 12.5 {
			t.Errorf("%s: %v, %v", name, bars.Group(0).Close, err)
		}
	}
}

func TestColumnsThatAreMapped(t *testing.T) {
	text := "when,open,close,h2,l2,vwap,Volume BTC\n2012-01-03,1.5,9,3,1,2,100\n"
	given := map[string]string{"date": "when", "high": "h2", "low": "l2", "close": "vwap", "volume": "volume btc"}
	s := emptyStore(t)
	r, err := Dir(t.Context(), s, "b", folder(t, map[string]string{"A.csv": text}), Options{Map: given})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"close"}, r.IgnoredColumns); d != "" {
		t.Error(d)
	}
	given["low"] = "L3"
	s = emptyStore(t)
	_, err = Dir(t.Context(), s, "b", folder(t, map[string]string{"A.csv": text}), Options{Map: given})
	refused(t, "no such column", s, err, `A.csv:1: low: "L3": there is no such column: the file has "when", "open"`)
}
