package pprof

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A message is the bytes of one, for profiles that are made by hand.
type message []byte

func (m message) number(field int, v uint64) message {
	m = binary.AppendUvarint(m, uint64(field)<<3)
	return binary.AppendUvarint(m, v)
}

func (m message) bytes(field int, b []byte) message {
	m = binary.AppendUvarint(m, uint64(field)<<3|wireBytes)
	m = binary.AppendUvarint(m, uint64(len(b)))
	return append(m, b...)
}

func packed(numbers ...uint64) (b []byte) {
	for _, n := range numbers {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// byHand is a profile of two samples: main calls work, which calls itself through
// an inlined helper, 30 times; main itself, 12 times.
func byHand() message {
	var m message
	for _, text := range []string{"", "cpu", "nanoseconds", "main", "work", "inlined", "samples", "count"} {
		m = m.bytes(fieldTexts, []byte(text))
	}
	m = m.bytes(fieldTypes, message{}.number(1, 6).number(2, 7))
	m = m.bytes(fieldTypes, message{}.number(1, 1).number(2, 2))
	m = m.bytes(fieldSamples, message{}.bytes(1, packed(10, 11, 11, 12)).bytes(2, packed(3, 30)))
	m = m.bytes(fieldSamples, message{}.number(1, 12).number(2, 1).number(2, 12)) // not packed
	line := func(function uint64) []byte { return message{}.number(1, function).number(2, 99) }
	m = m.bytes(fieldLocations, message{}.number(1, 10).bytes(4, line(3)).bytes(4, line(2)))
	m = m.bytes(fieldLocations, message{}.number(1, 11).bytes(4, line(2)))
	m = m.bytes(fieldLocations, message{}.number(1, 12).bytes(4, line(1)))
	for id, text := range map[uint64]uint64{1: 3, 2: 4, 3: 5} {
		m = m.bytes(fieldFunctions, message{}.number(1, id).number(2, text))
	}
	m = binary.AppendUvarint(m, 77<<3|wireFixed64) // fields of a later version
	m = append(m, 1, 2, 3, 4, 5, 6, 7, 8)
	m = binary.AppendUvarint(m, 78<<3|wireFixed32)
	m = append(m, 1, 2, 3, 4)
	return m.number(fieldDuration, 1e9)
}

func TestParseByHand(t *testing.T) {
	p, err := Parse(bytes.NewReader(byHand()))
	if err != nil {
		t.Fatal(err)
	}
	want := &Profile{
		Types:    []Type{{"samples", "count"}, {"cpu", "nanoseconds"}},
		Duration: 1e9,
		Samples: []Sample{
			{[]string{"inlined", "work", "work", "work", "main"}, []int64{3, 30}},
			{[]string{"main"}, []int64{1, 12}},
		},
	}
	if d := cmp.Diff(want, p); d != "" {
		t.Fatal(d)
	}
	cpu, ok := p.Index("cpu")
	if _, none := p.Index("heap"); cpu != 1 || !ok || none {
		t.Errorf("cpu is value %d", cpu)
	}
	if got := p.Total(cpu); got != 42 {
		t.Errorf("%d ns in all", got)
	}
	costs := map[string]Cost{"main": {12, 42}, "work": {0, 30}, "inlined": {30, 30}}
	if d := cmp.Diff(costs, p.Functions(cpu)); d != "" {
		t.Error(d)
	}
}

// A profile that is cut off anywhere is refused or has less in it, never a panic
// nor a number that was not there.
func TestParseCutOff(t *testing.T) {
	whole := byHand()
	all, err := Parse(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for n := range whole {
		p, err := Parse(bytes.NewReader(whole[:n]))
		if err != nil {
			refused++
			continue
		}
		if p.Total(0) > all.Total(0) {
			t.Errorf("%d of %d bytes count %d samples", n, len(whole), p.Total(0))
		}
	}
	if refused < len(whole)/2 {
		t.Errorf("only %d of %d were refused", refused, len(whole))
	}
}

func TestParseRefuses(t *testing.T) {
	var full bytes.Buffer
	z := gzip.NewWriter(&full)
	z.Write(byHand())
	z.Close()
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":         {nil, "does not say what was counted"},
		"text":            {[]byte("hello, world"), "read a profile: "},
		"gzip cut off":    {full.Bytes()[:full.Len()-9], "unexpected EOF"},
		"unknown wire":    {[]byte{0x0f}, "field 1 has the unknown wire type 7"},
		"missing text":    {message{}.bytes(fieldTypes, message{}.number(1, 5)), "text 5 is not in the profile, which has 0"},
		"missing place":   {message{}.bytes(fieldTexts, nil).bytes(fieldTypes, nil).bytes(fieldSamples, message{}.number(1, 9).number(2, 1)), "sample 0: location 9 is not in the profile"},
		"too many values": {message{}.bytes(fieldTexts, nil).bytes(fieldTypes, nil).bytes(fieldSamples, message{}.number(2, 9).number(2, 1)), "sample 0: it has 2 values, of 1 types"},
	} {
		if _, err := Parse(bytes.NewReader(c.data)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if p, err := Parse(&full); err != nil || p.Total(0) != 4 {
		t.Errorf("packed: %v, %v", p, err)
	}
}

var kept [][]byte

//go:noinline
func keepMegabyte() { kept = append(kept, make([]byte, 1<<20)) }

// The numbers are those that the toolchain's own reader prints of the same file.
func TestParseAgreesWithGoToolPprof(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command here")
	}
	old := runtime.MemProfileRate
	runtime.MemProfileRate = 1 << 10
	t.Cleanup(func() { runtime.MemProfileRate, kept = old, nil })
	for range 32 {
		keepMegabyte()
	}
	runtime.GC()
	file := filepath.Join(t.TempDir(), "heap.pprof")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := pprof.WriteHeapProfile(f); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	p, err := Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	value, ok := p.Index("alloc_space")
	if !ok {
		t.Fatalf("types %v", p.Types)
	}
	costs := p.Functions(value)
	if c := costs["github.com/bmadventure/optcache/internal/pprof.keepMegabyte"]; c.Flat < 31<<20 || c.Flat > 33<<20 {
		t.Errorf("keepMegabyte allocated %d bytes", c.Flat)
	}

	out, err := exec.Command(tool, "tool", "pprof", "-top", "-nodecount=10000", "-nodefraction=0", "-edgefraction=0", "-unit=B", "-sample_index=alloc_space", file).Output()
	if err != nil {
		t.Skipf("go tool pprof: %v", err)
	}
	line := regexp.MustCompile(`^ *([\d.]+)B? +[\d.]+% +[\d.]+% +([\d.]+)B? +[\d.]+%  (.*?)( \(inline\))?$`)
	seen := 0
	for text := range strings.Lines(string(out)) {
		m := line.FindStringSubmatch(strings.TrimRight(text, "\n"))
		if m == nil || strings.Contains(m[3], "[...]") { // the tool shortens the names of generic functions
			continue
		}
		seen++
		flat, _ := strconv.ParseFloat(m[1], 64)
		cum, _ := strconv.ParseFloat(m[2], 64)
		if got := costs[m[3]]; float64(got.Flat) != flat || float64(got.Cum) != cum {
			t.Errorf("%s: %+v, the tool says %s and %s", m[3], got, m[1], m[2])
		}
	}
	if seen == 0 || !slices.ContainsFunc(strings.Split(string(out), "\n"), func(s string) bool { return strings.Contains(s, "keepMegabyte") }) {
		t.Errorf("nothing to compare in\n%s", out)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(byHand()))
	f.Add([]byte{0x1f, 0x8b})
	var real bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&real, 0); err != nil {
		f.Fatal(err)
	}
	f.Add(real.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(bytes.NewReader(data))
		if err != nil {
			return
		}
		for i := range p.Types {
			total := p.Total(i)
			var flat int64
			for _, c := range p.Functions(i) {
				flat += c.Flat
			}
			for _, s := range p.Samples { // a sample without a stack belongs to no function
				if len(s.Stack) == 0 {
					flat += s.Values[i]
				}
			}
			if flat != total {
				t.Errorf("functions have %d of %d", flat, total)
			}
		}
	})
}
