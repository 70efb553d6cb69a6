package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

func TestFactsAreGivenBack(t *testing.T) {
	notes := []Note{
		{"row skipped", "A000", 2, "2010-01-04"}, {"asset left out", "Z", 1, "a \"price\" below\nzero"},
		{"row skipped", "A000", 3, ""}, {"row skipped", "", 1, " x "},
	}
	for name, c := range map[string]struct{ given, want Facts }{
		"nothing": {Facts{Frequency: market.Daily}, Facts{Frequency: market.Daily}},
		"UTC":     {Facts{Frequency: market.Daily, TimeZone: "UTC"}, Facts{Frequency: market.Daily}},
		"all": {Facts{market.Minute, "America/New_York", "18:00-17:00", notes}, Facts{market.Minute, "America/New_York", "18:00-17:00",
			[]Note{{"asset left out", "Z", 1, `"a \"price\" below\nzero"`}, {"row skipped", "", 1, "x"}, {"row skipped", "A000", 5, "2010-01-04"}}}},
	} {
		s, err := OpenStore(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.WriteRows(t.Context(), "b", c.given, rowsOf(small()), WriteOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(c.want, opened(t, s, r.Version).Facts()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		plain, v := written(t, c.given.Frequency, small())
		if same := v == r.Version; same != (name != "all") {
			t.Errorf("%s: the version without facts is the same: %t", name, same)
		}
		if text := readFile(t, plain.versionPath("b", v, manifestFile)); bytes.Contains(text, []byte("timezone")) {
			t.Errorf("%s: a manifest without facts speaks of them: %s", name, text)
		}
	}
}

func TestWrongFactsAreRefused(t *testing.T) {
	for want, f := range map[string]Facts{
		"no frequency": {},
		"timezone":     {Frequency: market.Daily, TimeZone: "New York"},
		"IANA":         {Frequency: market.Daily, TimeZone: "Local"},
		"18:00-17:00":  {Frequency: market.Daily, Session: "6pm-5pm"},
		"dates":        {Frequency: market.Daily, Session: "00:00-00:00"},
		"the kind":     {Frequency: market.Daily, Notes: []Note{{Count: 1}}},
		"the count":    {Frequency: market.Daily, Notes: []Note{{Kind: "k"}}},
		"the symbol":   {Frequency: market.Daily, Notes: []Note{{Kind: "k", Symbol: "\n", Count: 1}}},
	} {
		s, err := OpenStore(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.WriteRows(t.Context(), "b", f, rowsOf(small()), WriteOptions{})
		if input := (*InputError)(nil); !errors.As(err, &input) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", f, err, want)
		}
	}
}

// However many notes there are, a manifest has few, and none is forgotten.
func TestNotesAreBounded(t *testing.T) {
	var notes []Note
	for i := range maxNotes + 1 {
		notes = append(notes, Note{Kind: "row skipped", Symbol: fmt.Sprint("S", i), Count: 2})
	}
	var p problems
	if got := canonicalNotes(notes[:maxNotes], &p); len(got) != maxNotes || p.Any() {
		t.Errorf("%d notes, %v", len(got), p.err())
	}
	got := canonicalNotes(notes, &p)
	if want := []Note{{Kind: "row skipped", Count: 2 * (maxNotes + 1)}}; !slices.Equal(got, want) || p.Any() {
		t.Errorf("%d notes, the first %v, %v", len(got), got[0], p.err())
	}
	for i := range notes {
		notes[i].Kind = notes[i].Symbol
	}
	if canonicalNotes(notes, &p); !p.Any() {
		t.Error("too many kinds are taken")
	}
}

func TestManifestHasOneWayToSayFacts(t *testing.T) {
	d, err := newDataset(t.Context(), market.Daily, small())
	if err != nil {
		t.Fatal(err)
	}
	text := string(d.manifest.encode())
	const after = "],\n\"symbols\""
	for facts, good := range map[string]bool{
		`"timezone":"Europe/Berlin",` + "\n":                                           true,
		`"timezone":"Europe/Berlin",` + "\n" + `"session":"18:00-17:00",` + "\n":       true,
		"\"notes\":[\n" + `{"kind":"k","symbol":"","count":1,"example":""}` + "\n],\n": true,
		`"session":"18:00-17:00",` + "\n" + `"timezone":"Europe/Berlin",` + "\n":       false,
		`"timezone":"",` + "\n":           false,
		`"timezone":"UTC",` + "\n":        false,
		`"session":"",` + "\n":            false,
		`"session":"00:00-00:00",` + "\n": false,
		`"session":"8:00-17:00",` + "\n":  false,
		"\"notes\":[\n],\n":               false,
		"\"notes\":[\n" + `{"kind":"k","symbol":"","count":0,"example":""}` + "\n],\n":                                        false,
		"\"notes\":[\n" + `{"kind":"k","symbol":"","count":9999999999999999999,"example":""}` + "\n],\n":                      false,
		"\"notes\":[\n" + strings.Repeat(`{"kind":"k","symbol":"","count":1,"example":""},`+"\n", 2) + "],\n":                 false,
		"\"notes\":[\n" + `{"kind":"k","symbol":"","count":1,"example":""}` + "\n],\n" + `"timezone":"Europe/Berlin",` + "\n": false,
	} {
		other := strings.Replace(text, after, "],\n"+facts+after[3:], 1)
		m, err := parseManifest([]byte(other))
		if (err == nil) != good {
			t.Errorf("%s: %v", facts, err)
		}
		if err == nil && string(m.encode()) != other {
			t.Errorf("%s is written as %s", facts, m.encode())
		}
	}
}

func TestVolumeMayBeMissing(t *testing.T) {
	series := small()
	series[0].Volume = nil
	s, v := written(t, market.Daily, series)
	b := opened(t, s, v)
	bars, err := b.Read(t.Context(), Query{Symbols: []string{series[0].Symbol}})
	if err != nil || !b.Fields().Has(Volume) {
		t.Fatal(b.Fields(), err)
	}
	want := Series{Volume: bar.Pad(nil, 5, bar.Volume)}
	if got := bars.Group(0).Volume; !bytes.Equal(bytesOf(got), bytesOf(want.Volume)) {
		t.Errorf("missing volumes are read as %v", got)
	}
	series[1].Volume = nil
	if s, v = written(t, market.Daily, series); opened(t, s, v).Fields() != OHLC {
		t.Errorf("the fields are %s", opened(t, s, v).Fields())
	}
	series[1].Close = nil
	if _, err := s.Write(t.Context(), "b", market.Daily, series); err == nil {
		t.Error("a series without close is taken")
	}
}
