package when

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// read parses one cell with the format that is found from it.
func read(text, asked string) (Time, string) {
	f, wrong := Find([]string{text}, asked)
	if wrong != "" {
		return Time{}, wrong
	}
	return f.Parse(text, 1)
}

// at is a time as a test writes it: the wall, then the offset if it is known.
func at(wall string, offset ...int32) Time {
	t, err := time.Parse("2006-01-02 15:04:05.999999999", wall)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, wall); err != nil {
			panic(err)
		}
		return Time{Wall: t.UnixNano(), DateOnly: true}
	}
	got := Time{Wall: t.UnixNano()}
	if len(offset) > 0 {
		got.Offset, got.Known = offset[0], true
	}
	return got
}

func known(t Time) Time { t.Known = true; return t }

func TestForms(t *testing.T) {
	for text, want := range map[string]Time{
		"2020-03-02":                       at("2020-03-02"),
		"2020/03/02":                       at("2020-03-02"),
		"2020.03.02":                       at("2020-03-02"),
		"2020-3-2":                         at("2020-03-02"),
		"20200302":                         at("2020-03-02"),
		"02.03.2020":                       at("2020-03-02"),
		"2.3.2020":                         at("2020-03-02"),
		"03/13/2020":                       at("2020-03-13"),
		"13/03/2020":                       at("2020-03-13"),
		"13-03-20":                         at("2020-03-13"),
		"Mar 02, 2020":                     at("2020-03-02"),
		"March 2 2020":                     at("2020-03-02"),
		"Mon, Mar 2, 2020":                 at("2020-03-02"),
		"2 Mar 2020":                       at("2020-03-02"),
		"02-Mar-2020":                      at("2020-03-02"),
		"02-MAR-20":                        at("2020-03-02"),
		"2020-Mar-02":                      at("2020-03-02"),
		"Sept 3, 1999":                     at("1999-09-03"),
		"2020-03":                          at("2020-03-01"),
		"2020Q2":                           at("2020-04-01"),
		"2020-Q4":                          at("2020-10-01"),
		"Mar 2020":                         at("2020-03-01"),
		"43892":                            at("2020-03-02"),
		"43892.5":                          at("2020-03-02 12:00:00"),
		"2019":                             at("2019-01-01"),
		"2020-03-02Z":                      known(at("2020-03-02")),
		"2020-03-02 09:31":                 at("2020-03-02 09:31:00"),
		"2020-03-02 09:31:00":              at("2020-03-02 09:31:00"),
		"2020-03-02T09:31:00":              at("2020-03-02 09:31:00"),
		"2020-03-02 T 09:31:00":            at("2020-03-02 09:31:00"),
		"2020-03-02t09:31:00z":             at("2020-03-02 09:31:00", 0),
		"2020-03-02T09:31Z":                at("2020-03-02 09:31:00", 0),
		"2020-03-02 09:31:00 UTC":          at("2020-03-02 09:31:00", 0),
		"2020-03-02 09:31:00-05":           at("2020-03-02 09:31:00", -18000),
		"2020-03-02 09:31:00-0500":         at("2020-03-02 09:31:00", -18000),
		"2020-03-02 09:31:00.25 +05:30":    at("2020-03-02 09:31:00.25", 19800),
		"2020-03-02T00:00:00.000000-0500":  at("2020-03-02 00:00:00", -18000),
		"2020-03-02 09:31:00,125":          at("2020-03-02 09:31:00.125"),
		"2020-03-02 09:31:00.123456789":    at("2020-03-02 09:31:00.123456789"),
		"2011.12.08 18:49":                 at("2011-12-08 18:49:00"),
		"20200302 09:31:00":                at("2020-03-02 09:31:00"),
		"20200302  09:31:00":               at("2020-03-02 09:31:00"),
		"20200302 093100":                  at("2020-03-02 09:31:00"),
		"20200302 93100":                   at("2020-03-02 09:31:00"),
		"20200302;093100":                  at("2020-03-02 09:31:00"),
		"20200302093100":                   at("2020-03-02 09:31:00"),
		"202003020931":                     at("2020-03-02 09:31:00"),
		"20200302093100250":                at("2020-03-02 09:31:00.25"),
		"20200302T093100Z":                 at("2020-03-02 09:31:00", 0),
		"2020-03-02 0931":                  at("2020-03-02 09:31:00"),
		"1/13/2019 9:53:00 AM":             at("2019-01-13 09:53:00"),
		"1/13/2019 12:00:00 AM":            at("2019-01-13 00:00:00"),
		"1/13/2019 12:30 pm":               at("2019-01-13 12:30:00"),
		"13/1/2019 9:53:00 p.m.":           at("2019-01-13 21:53:00"),
		"01.01.2020 00:00:00.000 GMT+0100": at("2020-01-01 00:00:00", 3600),
		"Mar 2, 2020 09:31 PM":             at("2020-03-02 21:31:00"),
		"1583107200":                       at("2020-03-02 00:00:00", 0),
		"1583107200.5":                     at("2020-03-02 00:00:00.5", 0),
		"1583107200250":                    at("2020-03-02 00:00:00.25", 0),
		"1583107200000001":                 at("2020-03-02 00:00:00.000001", 0),
		"1583107200000000001":              at("2020-03-02 00:00:00.000000001", 0),
		"946684800":                        at("2000-01-01 00:00:00", 0),
	} {
		if got, wrong := read(text, ""); wrong != "" || got != want {
			t.Errorf("%q: got %+v %s, want %+v", text, got, wrong, want)
		}
	}
	got, wrong := read("20200302 09:31:00 US/Eastern", "")
	if wrong != "" || got.Zone != "US/Eastern" || got.Known {
		t.Errorf("%+v, %s", got, wrong)
	}
}

func TestRefusedForms(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "it is not a date",
		"abc":                              "it is not a date",
		"2020-02-30":                       "there is no such day",
		"2020-13-01":                       "there is no such day",
		"2020-03-02 25:00":                 "it is not a date",
		"2020-03-02 09:61":                 "it is not a date",
		"2020-03-02_x":                     "it is not a date",
		"2020-03-02 09:31:00.1234567891":   "finer than a nanosecond",
		"2020-03-02 09:31:00 EST":          "what zone EST is cannot be told",
		"2020-03-02 13:00 PM":              "it is not a date",
		"1600-01-01":                       "outside the years 1678 to 2261",
		"2300-01-01":                       "outside the years 1678 to 2261",
		"1500-01-01":                       "outside the years",
		"2020-03-02 09:31:00+25":           "no such offset",
		"99999":                            "these numbers are no dates",
		"12":                               "these numbers are no dates",
		"2020-03-02 09:31:00 Nowhere/Land": "what zone",
	} {
		if got, wrong := read(text, ""); !strings.Contains(wrong, want) {
			t.Errorf("%q: got %+v %q, want %q", text, got, wrong, want)
		}
	}
}

func TestOrderIsProved(t *testing.T) {
	for name, c := range map[string]struct {
		cells []string
		again bool
		want  []string
		doubt string
	}{
		"month first": {[]string{"03/02/2020", "03/13/2020"}, false, []string{"2020-03-02", "2020-03-13"}, ""},
		"day first":   {[]string{"03/02/2020", "13/02/2020"}, true, []string{"2020-02-03", "2020-02-13"}, ""},
		"neither":     {[]string{"03/02/2020", "04/02/2020"}, false, nil, "cannot be told"},
		"both":        {[]string{"03/13/2020", "13/02/2020"}, false, nil, "by day first and by month first"},
		"dots":        {[]string{"03.02.2020", "04.02.2020"}, false, []string{"2020-02-03", "2020-02-04"}, ""},
	} {
		f, wrong := Find(c.cells, "")
		if wrong != "" {
			t.Fatal(wrong)
		}
		parse := func() (got []string) {
			for i, text := range c.cells {
				at, wrong := f.Parse(text, i+2)
				if wrong != "" {
					t.Errorf("%s: %q: %s", name, text, wrong)
				}
				got = append(got, time.Unix(0, at.Wall).UTC().Format(time.DateOnly))
			}
			return got
		}
		got := parse()
		if again := f.Again(); again != c.again {
			t.Errorf("%s: again is %t", name, again)
		} else if again {
			got = parse()
		}
		if _, _, doubt := f.Doubt(); c.doubt == "" != (doubt == "") || !strings.Contains(doubt, c.doubt) {
			t.Errorf("%s: doubt %q", name, doubt)
		}
		if c.want != nil && fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestAskedFor(t *testing.T) {
	for _, c := range []struct{ asked, text, want string }{
		{"dd/mm/yyyy", "03/02/2020", "2020-02-03"}, {"dmy", "03/02/2020 09:31", "2020-02-03"},
		{"mm/dd/yyyy", "03/02/2020", "2020-03-02"}, {"%d/%m/%Y %H:%M", "03/02/2020 09:31", "2020-02-03"},
		{"02/01/2006", "03/02/2020", "2020-02-03"}, {"yyyy-dd-mm", "2020-03-02", "2020-02-03"},
		{"yyyymmdd hh:mm:ss", "20200203 09:31:00", "2020-02-03"}, {"yy.mm.dd", "20.02.03", "2020-02-03"},
	} {
		got, wrong := read(c.text, c.asked)
		if wrong != "" || time.Unix(0, got.Wall).UTC().Format(time.DateOnly) != c.want {
			t.Errorf("%s: %+v %s", c.asked, got, wrong)
		}
	}
	for _, asked := range []string{"%Q", "x", "yyyyy%"} {
		if f, wrong := Find([]string{"03/02/2020"}, asked); wrong == "" {
			t.Errorf("%q: %+v", asked, f)
		}
	}
}

// layouts are ways to write a time that lose nothing of seconds.
var layouts = []string{
	"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006/01/02 15:04:05", "2006.01.02 15:04:05", "02.01.2006 15:04:05",
	"2 Jan 2006 15:04:05", "02-Jan-2006 15:04:05", "Jan 2, 2006 3:04:05 PM", "January 2, 2006 15:04:05", "20060102 150405",
	"20060102150405", "Mon, 02 Jan 2006 15:04:05", "2006-01-02T15:04:05Z", "2006-1-2 15:04:05",
}

// TestWhatIsWrittenIsRead writes random times in every form and reads them back.
func TestWhatIsWrittenIsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		want := time.Unix(r.Int64N(9e9)-4e9, 0).UTC()
		for _, layout := range layouts {
			text := want.Format(layout)
			got, wrong := read(text, "")
			if wrong != "" || got.Wall != want.UnixNano() || got.Offset != 0 {
				t.Fatalf("%q: got %s %s", text, time.Unix(0, got.Wall).UTC(), wrong)
			}
		}
		zone := time.FixedZone("", r.IntN(24*60)*60-12*3600)
		for _, layout := range []string{"2006-01-02 15:04:05-07:00", "2006-01-02T15:04:05.000-0700", "20060102 15:04:05 -0700"} {
			text := want.In(zone).Format(layout)
			got, wrong := read(text, "")
			if wrong != "" || got.Wall-int64(got.Offset)*1e9 != want.UnixNano() || !got.Known {
				t.Fatalf("%q: got %+v %s", text, got, wrong)
			}
		}
		for name, v := range map[string]int64{"s": want.Unix(), "ms": want.UnixMilli(), "us": want.UnixMicro(), "ns": want.UnixNano()} {
			if name == "s" && want.Unix() < 1e9 || want.Unix() < 1e9 {
				continue // of another length, and so of another unit
			}
			got, wrong := read(fmt.Sprint(v), "")
			if wrong != "" || got.Wall != want.UnixNano() || !got.Known {
				t.Fatalf("%d %s: got %+v %s", v, name, got, wrong)
			}
		}
	}
}

// FuzzParse asserts that nothing is read as a time that cannot be one, and that ISO times are those of package time.
func FuzzParse(f *testing.F) {
	for _, layout := range layouts {
		f.Add(layout, "")
	}
	for _, s := range []string{"1583107200", "43892.25", "20200302 09:31:00 US/Eastern", "03/13/2020 9:53 AM", "2020Q3", "-1", "2020-03-02T09:31:00+05"} {
		f.Add(s, "")
	}
	f.Add("03/02/2020", "dd/mm/yyyy")
	f.Fuzz(func(t *testing.T, text, asked string) {
		got, wrong := read(text, asked)
		if wrong != "" {
			return
		}
		if outside(got.Wall) || got.Offset > 18*3600+3600 || got.Offset < -19*3600 {
			t.Errorf("%q: %+v", text, got)
		}
		if want, err := time.Parse(time.RFC3339, text); err == nil && asked == "" && got.Wall-int64(got.Offset)*1e9 != want.UnixNano() {
			t.Errorf("%q: got %+v, want %s", text, got, want)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, text := range []string{"2020-03-02", "2020-03-02 09:31:00", "2020-03-02 09:31:00-05:00", "20200302", "1583107200000", "03/13/2020", "Mar 02, 2020"} {
		b.Run(text, func(b *testing.B) {
			f, _ := Find([]string{text}, "")
			for range b.N {
				f.Parse(text, 1)
			}
		})
	}
}
