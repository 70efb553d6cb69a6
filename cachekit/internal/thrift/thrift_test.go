package thrift

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// record has a field of every type that the compact protocol has but UUID, and fields that are far apart.
type record struct {
	Flag    bool             `thrift:"1"`
	Small   int8             `thrift:"2"`
	Short   int16            `thrift:"3"`
	Int     int32            `thrift:"4"`
	Long    int64            `thrift:"40"`
	Real    float64          `thrift:"41"`
	Text    string           `thrift:"42"`
	List    []int64          `thrift:"43"`
	Flags   []bool           `thrift:"44"`
	Map     map[string]bool  `thrift:"45"`
	Records []record         `thrift:"46"`
	More    map[int32]string `thrift:"47"`
	Last    int64            `thrift:"300,required"`
}

func random(r *rand.Rand, depth int) record {
	text := func() string { return strings.Repeat("x", r.IntN(20)) }
	x := record{
		Flag: r.IntN(2) == 0, Small: int8(r.Int64()), Short: int16(r.Int64()), Int: int32(r.Int64()),
		Long: int64(r.Uint64() >> r.IntN(64)), Real: r.NormFloat64(), Text: text(), Last: -r.Int64(),
	}
	for range r.IntN(20) {
		x.List, x.Flags = append(x.List, r.Int64()), append(x.Flags, r.IntN(2) == 0)
	}
	for range r.IntN(3) {
		if x.Map == nil {
			x.Map, x.More = make(map[string]bool), make(map[int32]string)
		}
		x.Map[text()], x.More[r.Int32()] = true, text()
		if depth > 0 {
			x.Records = append(x.Records, random(r, depth-1))
		}
	}
	return x
}

// All that the Parquet library's own encoder writes is read as it was or skipped to its end.
func TestReadsWhatTheLibraryWrites(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		want := random(r, 2)
		text, err := thrift.Marshal(new(thrift.CompactProtocol), want)
		if err != nil {
			t.Fatal(err)
		}
		var got record
		c := Cursor{Rest: append(text, 99)}
		c.Structure(func(id int16, kind byte) bool {
			switch {
			case id == 1:
				got.Flag = kind == True
			case id == 2:
				got.Small = int8(c.Byte())
			case id == 3:
				got.Short = int16(c.Int())
			case id == 40:
				got.Long = c.Int()
			case id == 42:
				got.Text = string(c.Bytes())
			case id == 43:
				c.Elements(I64, func() { got.List = append(got.List, c.Int()) })
			case id == 300:
				got.Last = c.Int()
			default:
				return false
			}
			return true
		})
		if c.Bad || len(c.Rest) != 1 {
			t.Fatalf("%d bytes are left, bad %v, of %+v", len(c.Rest), c.Bad, want)
		}
		same := got.Flag == want.Flag && got.Small == want.Small && got.Short == want.Short && got.Long == want.Long &&
			got.Text == want.Text && got.Last == want.Last && len(got.List) == len(want.List)
		for i := range got.List {
			same = same && got.List[i] == want.List[i]
		}
		if !same {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		for end := range text { // whatever is cut off is told
			c := Cursor{Rest: text[:end]}
			if c.Skip(Struct); !c.Bad {
				t.Fatalf("%d of %d bytes are a struct", end, len(text))
			}
		}
	}
}

// Lengths that claim more than there is, and values that nest without end, are bad at once and cost nothing.
func TestClaimsCostNothing(t *testing.T) {
	huge := binary.AppendUvarint(nil, math.MaxUint64)
	for name, c := range map[string]struct {
		kind byte
		text []byte
	}{
		"string": {Binary, huge},
		"list":   {List, append([]byte{0xf0 | Struct}, huge...)},
		"flags":  {List, append([]byte{0xf0 | True}, huge...)},
		"map":    {Map, append(huge, Struct<<4|Struct)},
		"deep":   {List, bytes.Repeat([]byte{0x10 | List}, 100)},
		"number": {I64, bytes.Repeat([]byte{0xff}, 11)},
		"kind":   {14, []byte{0}},
	} {
		allocated := testing.AllocsPerRun(10, func() {
			x := Cursor{Rest: c.text}
			if x.Skip(c.kind); !x.Bad {
				t.Errorf("%s: taken", name)
			}
		})
		if allocated > 1 {
			t.Errorf("%s: %v allocations", name, allocated)
		}
	}
}

func FuzzSkip(f *testing.F) {
	text, err := thrift.Marshal(new(thrift.CompactProtocol), random(rand.New(rand.NewPCG(3, 4)), 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(byte(Struct), text)
	f.Fuzz(func(t *testing.T, kind byte, text []byte) {
		c := Cursor{Rest: text}
		if c.Skip(kind); len(c.Rest) > len(text) {
			t.Error("more is left than there was")
		}
	})
}
