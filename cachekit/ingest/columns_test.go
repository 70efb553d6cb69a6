package ingest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// TestNamesOfColumns holds the names that providers give to columns against the plain ones.
func TestNamesOfColumns(t *testing.T) {
	want, err := Dir(t.Context(), emptyStore(t), "b", folder(t, map[string]string{"A.csv": header1 + row1 + row2}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range []string{
		"t,o,h,l,c,v", "Date,Open,High,Low,Last,Vol", "<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>",
		"datadate,prcod,prchd,prcld,prccd,cshtrd", "Trade Date,Open Price,High Price,Low Price,Close Price,Shares Traded",
		"Datum,Eröffnung,Hoch,Tief,Schlusskurs,Stücke", "ts_event,open,high,low,close,volume",
		"tradeDate,openPrice,highPrice,lowPrice,closePrice,totalTradedQuantity", ",Open,High,Low,Close,Volume",
		"caldt,openprc,askhi,bidlo,prc,vol",
	} {
		r, err := Dir(t.Context(), emptyStore(t), "b", folder(t, map[string]string{"A.csv": names + "\n" + row1 + row2}), Options{})
		if err != nil || r.Version != want.Version || len(r.IgnoredColumns) > 0 {
			t.Errorf("%s: %+v, %v", names, r, err)
		}
	}
}

// TestTheBetterOfTwoColumns has columns of which only one can be meant.
func TestTheBetterOfTwoColumns(t *testing.T) {
	s := emptyStore(t)
	r, err := Dir(t.Context(), s, "b", folder(t, map[string]string{
		"A.csv": "Date,Open,High,Low,Close,Adj Close,Last,Volume,Vol\n2012-01-03,1,3,1,2,1.5,2.5,7,8\n",
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"Adj Close", "Last", "Vol"}, r.IgnoredColumns); d != "" {
		t.Error(d)
	}
	bars, err := opened(t, s, r.Version).Read(t.Context(), bundle.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if g := bars.Group(0); g.Close[0] != 2 || g.Volume[0] != 7 {
		t.Errorf("close %v, volume %v", g.Close, g.Volume)
	}
}

func TestColumnOfSymbols(t *testing.T) {
	for name, column := range map[string]string{"symbol": "symbol", "ticker": "Ticker", "instrument": "<instrument>"} {
		s := emptyStore(t)
		r, err := Dir(t.Context(), s, "b", folder(t, map[string]string{
			"2020.csv": column + ",date,open,high,low,close,volume\nCLK0,2020-04-15,1,1,1,1,1\n CLM0 ,2020-04-15,2,2,2,2,2\n",
			"2021.csv": column + ",date,open,high,low,close,volume\nCLM0,2021-04-15,3,3,3,3,3\n",
		}), Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b := opened(t, s, r.Version)
		bars, err := b.Read(t.Context(), bundle.Query{Fields: bundle.Close})
		if err != nil {
			t.Fatal(err)
		}
		var got [][]float64
		for i := range b.Assets() {
			got = append(got, bars.Group(i).Close)
		}
		if d := cmp.Diff([][]float64{{1}, {2, 3}}, got); d != "" || b.Assets()[0].Symbol != "CLK0" || b.Assets()[1].Symbol != "CLM0" {
			t.Errorf("%s: %v\n%s", name, b.Assets(), d)
		}
	}
}

func TestDateAndTimeInTwoColumns(t *testing.T) {
	got, r := readTimes(t, Options{}, "Date,Time,Open,High,Low,Close,Volume\n"+
		"2006-01-02,09:05:00,1,1,1,1,1\n2006-01-02,09:10:00,1,1,1,1,1\n2006-01-02,09:15:00,1,1,1,1,1\n")
	if d := cmp.Diff([]string{"2006-01-02T09:05:00Z", "2006-01-02T09:10:00Z", "2006-01-02T09:15:00Z"}, got); d != "" || r.Frequency != 5*market.Minute {
		t.Errorf("%s\n%s", r.Frequency, d)
	}
}

func TestRowsThatAreSettled(t *testing.T) {
	s := emptyStore(t)
	r, err := Dir(t.Context(), s, "b", folder(t, map[string]string{
		"A.csv": "date,open,high,low,close,volume,dividend,split\n" +
			"2012-01-03,1.5,127.36691299999998,1,127.366913,100,,0\n" + // a close above the high by its last digit
			"2012-01-04,,,,,,,\n2012-01-05,NaN,NaN,NaN,NaN,0,0,0.0\n" + // halted
			"2012-01-06,3.0999998,3.2,3.1,3.15,5,0.5,2\n", // an open below the low by a float32's
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	bars, err := opened(t, s, r.Version).Read(t.Context(), bundle.Query{})
	if err != nil {
		t.Fatal(err)
	}
	g := bars.Group(0)
	got := [][]float64{g.Open, g.High, g.Low, g.Close, g.Dividend, g.Split}
	want := [][]float64{{1.5, 3.1}, {127.36691299999998, 3.2}, {1, 3.1}, {127.36691299999998, 3.15}, {0, 0.5}, {1, 2}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	s = emptyStore(t)
	_, err = Dir(t.Context(), s, "b", folder(t, map[string]string{"A.csv": header1 + "2012-01-03,3.099,3.2,3.1,3.15,5\n"}), Options{})
	refused(t, "more than a rounding", s, err, "the open is outside low 3.1 to high 3.2")
}

func TestAssetsThatAreSkipped(t *testing.T) {
	files := map[string]string{"A.csv": header1 + row1, "CL.csv": header1 + "2012-01-02,1,1,1,1,1\n2012-01-03,1,1,-37.63,-37.63,9\n"}
	s := emptyStore(t)
	_, err := Dir(t.Context(), s, "b", folder(t, files), Options{})
	refused(t, "negative", s, err, `CL.csv:3: low: "-37.63": a negative price`)
	r, err := Dir(t.Context(), s, "b", folder(t, files), Options{SkipAssets: true})
	if err != nil || r.Assets != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if d := cmp.Diff([]string{"CL"}, r.SkippedAssets); d != "" {
		t.Error(d)
	}
	s = emptyStore(t)
	_, err = Dir(t.Context(), s, "b", folder(t, map[string]string{"CL.csv": files["CL.csv"]}), Options{SkipAssets: true})
	refused(t, "nothing is left", s, err, "no asset is left")
}

// TestClampMovesByRoundingsAlone tries values at and beyond the edge.
func TestClampMovesByRoundingsAlone(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want int
	}{{100 * (1 + rounding/2), 1}, {100 * (1 + 2*rounding), 0}, {100, 0}, {50, 0}, {50 * (1 - rounding/2), 1}} {
		var done tallies
		values := [bar.NumFields]float64{bar.Open: 75, bar.High: 100, bar.Low: 50, bar.Close: c.v}
		done.clamp(&values)
		if done.clamped != c.want {
			t.Errorf("%v: clamped %d times", c.v, done.clamped)
		}
		if c.want == 1 && (values[bar.Close] > 100 || values[bar.Close] < 50) {
			t.Errorf("%v became %v", c.v, values[bar.Close])
		}
	}
}

// Files for people beside those of bars are left out, with a word.
func TestFilesWithoutBarsStandAside(t *testing.T) {
	r, err := Dir(t.Context(), emptyStore(t), "b", folder(t, map[string]string{
		"A.csv": header1 + row1, "notes.txt": "Bars of A, from the archive.\n", "symbols.csv": "ticker,name\nA,Alpha\n",
	}), Options{})
	if err != nil || r.Assets != 1 || len(r.Warnings) != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if d := cmp.Diff([]string{"notes.txt", "symbols.csv"}, r.IgnoredFiles); d != "" {
		t.Error(d)
	}
	s := emptyStore(t)
	_, err = Dir(t.Context(), s, "b", folder(t, map[string]string{"symbols.csv": "ticker,name\nA,Alpha\n"}), Options{})
	refused(t, "alone", s, err, `no column is one of times: the file has "ticker", "name"`)
}
