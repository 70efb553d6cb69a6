package figure

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	point, comma := Format{}, Format{Comma: true}
	for _, c := range []struct {
		format Format
		text   string
		want   float64
	}{
		{point, "1234.5", 1234.5}, {point, "1,234.5", 1234.5}, {point, "1,234,500", 1234500}, {point, " 12 ", 12},
		{point, "1e3", 1000}, {point, "1E+06", 1e6}, {point, "-0.5", -0.5}, {point, "+2", 2}, {point, "$102.40", 102.4},
		{point, "-$1.5", -1.5}, {point, "€ 3.25", 3.25}, {point, "0.37%", 0.37}, {point, "1.23M", 1.23e6},
		{point, "32.94m", 32.94e6}, {point, "1.5K", 1500}, {point, "2B", 2e9}, {point, "1.1T", 1.1e12}, {point, "(5.5)", -5.5},
		{point, "1 234 567.25", 1234567.25}, {point, "1'234.5", 1234.5}, {point, "1\u00a0234", 1234}, {point, "12,34,567.5", 1234567.5},
		{point, ".5", 0.5}, {point, "5.", 5}, {point, "0", 0}, {point, "0.0e5", 0}, {point, "1.1M", 1100000}, {point, "3,99.90", 399.9},
		{comma, "100,5", 100.5}, {comma, "1.000", 1000}, {comma, "1.234.567,25", 1234567.25}, {comma, "12", 12},
		{comma, "1 234,5", 1234.5}, {comma, "-3,5 €", -3.5}, {comma, "1,5M", 1.5e6},
	} {
		if got, wrong := c.format.Parse(c.text); wrong != "" || got != c.want {
			t.Errorf("%q: got %v %s, want %v", c.text, got, wrong, c.want)
		}
	}
	for _, text := range []string{"", "NaN", "nan", "null", "None", "N/A", "#N/A", "-", "--", ".", "  "} {
		if got, wrong := point.Parse(text); wrong != "" || !math.IsNaN(got) {
			t.Errorf("%q: got %v %s, want none", text, got, wrong)
		}
	}
	for text, want := range map[string]string{
		"abc": "not a number", "1_0": "not a number", "0x1p-2": "not a number", "0x10": "not a number", "inf": "not a number",
		"Infinity": "not a number", "1e-400": "too small", "1e400": "too large", "1,23": "not a number", "1,2345": "not a number",
		"1.2.3": "not a number", "12,345.6,7": "not a number", "1-2": "not a number", "e5": "not a number", "-": "",
		"1e5M": "not a number", "--5": "not a number", "1,,234": "not a number", ",234": "not a number",
	} {
		if got, wrong := point.Parse(text); !strings.Contains(wrong, want) {
			t.Errorf("%q: got %v %q, want %q", text, got, wrong, want)
		}
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		cells     string
		delimiter byte
		comma     bool
	}{
		{"100,1 101 99 100,5 1.000", ';', true}, {"100.1 101 1,000", ',', false}, {"1,234 1,235", ',', false},
		{"1,234 1,235", ';', true}, {"1.234 1.235", ';', false}, {"1.234.567", ';', true}, {"1,234,567 5", ';', false},
		{"3.102,40 3.101,20", '\t', true}, {"$3,102.40 32.94M", ',', false}, {"", ',', false}, {"12 13", ';', false},
	} {
		if got := Find(strings.Fields(c.cells), c.delimiter); got.Comma != c.comma {
			t.Errorf("%q: got %+v", c.cells, got)
		}
	}
}

// TestWhatIsWrittenIsRead writes random numbers with marks of thousands and reads them back to the bit.
func TestWhatIsWrittenIsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		v := math.Ldexp(r.Float64(), r.IntN(60))
		text := strconv.FormatFloat(v, 'f', r.IntN(9), 64)
		want, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []Format{{}, {Comma: true}} {
			whole, fraction, cut := strings.Cut(text, ".")
			decimal, mark := ".", []string{",", " ", "'", ""}[r.IntN(4)]
			if f.Comma {
				decimal, mark = ",", []string{".", "\u00a0", ""}[r.IntN(3)]
			}
			var groups []string
			for len(whole) > 3 {
				groups = append([]string{whole[len(whole)-3:]}, groups...)
				whole = whole[:len(whole)-3]
			}
			written := strings.Join(append([]string{whole}, groups...), mark)
			if cut {
				written += decimal + fraction
			}
			if got, wrong := f.Parse(written); wrong != "" || got != want {
				t.Fatalf("%q of %s: got %v %s", written, text, got, wrong)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1,234.5", "1.23M", "(5)", "-$1", "1e-400", "0x1p4", "1_0", "1'234", "12,34,567"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, comma bool) {
		v, wrong := Format{Comma: comma}.Parse(text)
		if math.IsInf(v, 0) || math.IsNaN(v) && !Missing(text) || wrong != "" && v != 0 {
			t.Errorf("%q: %v %q", text, v, wrong)
		}
		if want, err := strconv.ParseFloat(text, 64); wrong == "" && err == nil && !comma && !math.IsNaN(v) && v != want {
			t.Errorf("%q: got %v, want %v", text, v, want)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, text := range []string{"1234.56", "123456", "1,234.5", "1.23M"} {
		b.Run(text, func(b *testing.B) {
			for range b.N {
				Format{}.Parse(text)
			}
		})
	}
}

// Short numbers are read without the standard library, and to the bit as it reads them.
func TestShortNumbersAreTheNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	taken := 0
	for range 1_000_000 {
		b := []byte(strconv.FormatUint(r.Uint64()>>r.IntN(64), 10))
		if r.IntN(4) > 0 {
			at := r.IntN(len(b) + 1)
			b = append(b[:at], append([]byte{'.'}, b[at:]...)...)
		}
		for range r.IntN(3) {
			b = append([]byte{'0'}, b...)
		}
		if r.IntN(4) == 0 {
			b = append([]byte{'-'}, b...)
		}
		if r.IntN(50) == 0 {
			b[r.IntN(len(b))] = ".-+e /:9"[r.IntN(8)]
		}
		text := string(b)
		got, ok := short(text, '.')
		if !ok {
			continue
		}
		taken++
		if other, ok := short(strings.ReplaceAll(text, ".", ","), ','); !ok || other != got {
			t.Fatalf("%q with a comma: %v", text, other)
		}
		if want, err := strconv.ParseFloat(text, 64); err != nil || math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%q: got %v, want %v, %v", text, got, want, err)
		}
	}
	if taken < 500_000 {
		t.Errorf("%d were short", taken)
	}
}
