package pq

import (
	"context"
	"errors"
	"math"
)

// A Batch is some rows of the columns that were asked for. It is valid until the next one.
type Batch struct {
	First   int64 // number of its first row, from 0 on
	Len     int   // rows
	Columns []Values
}

// Values are the values of a column in a batch: Len of them in the members that its [Kind] names, none in others.
type Values struct {
	Missing []bool    // null, or NaN
	Numbers []float64 // NaN where missing
	Ints    []int64   // 0 where missing; math.MaxInt64 for greater ones of uint64
	Times   []int64   // Unix nanoseconds, 0 where missing
	Texts   []string  // "" where missing; they may be kept
	Rounded int       // values of Ints that no float64 equals, so that Numbers has the nearest
}

// A reader reads a column of a row group.
type reader struct {
	leaf   leaf
	column Column
	pages  pages
	texts  *interner

	rows       int64 // of the row group
	dictionary *dictionary
	left       int // values of the page
	levels     runs
	values     source
	words      []uint64
	decimal    []byte
}

func (f *File) reader(column int, g group, texts *interner) reader {
	l := f.leaves[column]
	k := g.chunks[l.chunk]
	optional := l.repeated == 1
	p := pages{r: f.r, limits: f.limits, chunk: k, optional: optional, pos: k.start, left: g.rows}
	return reader{leaf: l, column: f.columns[column], pages: p, texts: texts, rows: g.rows}
}

// read reads n rows, the first of which has that number, into v.
func (r *reader) read(ctx context.Context, first int64, n int, v *Values) error {
	v.Missing = resize(v.Missing, n)
	v.Rounded = 0
	r.prepare(v, n)
	for i := 0; i < n; {
		if r.left == 0 {
			if err := r.turn(ctx); err != nil {
				return r.wrong(err, 0)
			}
			continue
		}
		m := min(n-i, r.left)
		if err := r.fill(v, i, m, first); err != nil {
			return err
		}
		r.left -= m
		i += m
	}
	return ctx.Err()
}

// wrong returns err as one of the column and row; 0 stands for no row.
func (r *reader) wrong(err error, row int64) error {
	var e *Error
	if errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{Column: r.column.Name, Row: row, Message: err.Error()}
}

func (r *reader) prepare(v *Values, n int) {
	switch r.column.Kind {
	case Number:
		v.Numbers = resize(v.Numbers, n)
	case Integer:
		v.Numbers, v.Ints = resize(v.Numbers, n), resize(v.Ints, n)
	case Text:
		v.Texts = resize(v.Texts, n)
	default:
		v.Times = resize(v.Times, n)
	}
}

func resize[T any](s []T, n int) []T {
	if n > cap(s) {
		return make([]T, n)
	}
	return s[:n]
}

// turn goes to the next page.
func (r *reader) turn(ctx context.Context) error {
	k := r.pages.chunk
	switch {
	case k.absent:
		return errors.New("it is encrypted or in another file: write the file anew with all of its columns")
	case k.end < k.start:
		return errors.New("its pages are not in the file: copy or download the file again")
	case k.physical != r.leaf.physical || k.values != r.rows:
		return errors.New("its type or length is not what the schema says: copy or download the file again")
	}
	if err := checkCodec(k.codec); err != nil {
		return err
	}
	p, err := r.pages.next(ctx)
	if err != nil {
		return err
	}
	if p.kind == dictionaryPage {
		if p.encoding != plain && p.encoding != plainDictionary {
			return errEncoding
		}
		d, ok := newDictionary(p.data, p.values, r.leaf.width, r.leaf.numbers())
		if r.dictionary = d; !ok {
			return errPage
		}
		return nil
	}
	r.left = p.values
	if r.levels = (runs{}); r.pages.optional {
		r.levels = runs{data: data{rest: p.levels}, width: 1}
	}
	r.values, err = p.newSource(r.leaf.width, r.leaf.numbers(), r.dictionary)
	return err
}

// fill reads n values of the page into v, from index at on.
func (r *reader) fill(v *Values, at, n int, first int64) error {
	missing := v.Missing[at : at+n]
	present := n
	if clear(missing); r.pages.optional {
		for i := range missing {
			if missing[i] = r.levels.next() == 0; missing[i] {
				present--
			}
		}
		if r.levels.bad {
			return r.wrong(errPage, first+int64(at)+1)
		}
	}
	if !r.leaf.numbers() {
		return r.fillBytes(v, at, missing, first)
	}
	r.words = resize(r.words, present)
	if !r.values.words(r.words) {
		return r.wrong(errPage, first+int64(at)+1)
	}
	next := 0
	for i := range missing {
		word := uint64(0)
		if !missing[i] {
			word = r.words[next]
			next++
		}
		if err := r.word(v, at+i, word); err != nil {
			return r.wrong(err, first+int64(at+i)+1)
		}
	}
	return nil
}

func (r *reader) fillBytes(v *Values, at int, missing []bool, first int64) error {
	for i := range missing {
		var b []byte
		if ok := true; !missing[i] {
			if b, ok = r.values.bytes(); !ok {
				return r.wrong(errPage, first+int64(at+i)+1)
			}
		}
		if err := r.bytes(v, at+i, b); err != nil {
			return r.wrong(err, first+int64(at+i)+1)
		}
	}
	return nil
}

var errTime = errors.New("the time is not one of the years 1678 to 2261, which int64 nanoseconds can tell: correct it")

const day = 24 * 60 * 60 * 1_000_000_000

// word stores a value of 4 or 8 bytes.
func (r *reader) word(v *Values, i int, word uint64) (err error) {
	if r.column.Kind != Number && v.Missing[i] {
		word = 0
	}
	switch r.column.Kind {
	case Number:
		v.Numbers[i] = math.NaN()
		if !v.Missing[i] {
			v.Numbers[i] = r.number(word)
			v.Missing[i] = math.IsNaN(v.Numbers[i])
		}
	case Integer:
		r.integer(v, i, word)
	case Date:
		v.Times[i], err = scale(int64(int32(word)), day)
	default:
		v.Times[i], err = scale(int64(word), [...]int64{1: 1_000_000, 2: 1000, 3: 1}[r.leaf.unit])
	}
	return err
}

// number returns a float, double or decimal.
func (r *reader) number(word uint64) float64 {
	switch {
	case r.leaf.physical == physicalFloat:
		return float64(math.Float32frombits(uint32(word)))
	case r.leaf.physical == physicalDouble:
		return math.Float64frombits(word)
	case r.leaf.physical == physicalInt32:
		return decimalOfInt(int64(int32(word)), int(r.leaf.scale), &r.decimal)
	}
	return decimalOfInt(int64(word), int(r.leaf.scale), &r.decimal)
}

func (r *reader) integer(v *Values, i int, word uint64) {
	unsigned := r.leaf.logical == logicalInteger && !r.leaf.signed
	n := int64(word)
	switch {
	case r.leaf.physical == physicalInt32 && unsigned:
		n = int64(uint32(word))
	case r.leaf.physical == physicalInt32:
		n = int64(int32(word))
	}
	v.Ints[i], v.Numbers[i] = n, float64(n)
	if unsigned && n < 0 {
		v.Ints[i], v.Numbers[i] = math.MaxInt64, float64(word)
		if v.Numbers[i] >= 1<<64 || uint64(v.Numbers[i]) != word {
			v.Rounded++
		}
	} else if v.Numbers[i] >= 1<<63 || int64(v.Numbers[i]) != n {
		v.Rounded++
	}
	if v.Missing[i] {
		v.Numbers[i] = math.NaN()
	}
}

// scale returns n units of unit nanoseconds.
func scale(n, unit int64) (int64, error) {
	if n > math.MaxInt64/unit || n < math.MinInt64/unit {
		return 0, errTime
	}
	return n * unit, nil
}

// bytes stores a value that is not 4 or 8 bytes long, or may be.
func (r *reader) bytes(v *Values, i int, b []byte) (err error) {
	switch r.column.Kind {
	case Text:
		v.Texts[i], err = r.texts.text(b)
	case Instant:
		v.Times[i] = 0
		if !v.Missing[i] {
			v.Times[i], err = int96(b)
		}
	default:
		v.Numbers[i] = math.NaN()
		if v.Missing[i] {
			return nil
		}
		if r.leaf.logical == logicalFloat16 {
			v.Numbers[i] = float16(b)
		} else {
			v.Numbers[i], err = decimalOfBytes(b, int(r.leaf.scale), &r.decimal)
		}
		v.Missing[i] = math.IsNaN(v.Numbers[i])
	}
	return err
}

// An interner gives equal texts the same string.
type interner struct {
	last  string
	known map[string]string
}

const (
	maxText     = 4 << 10 // a symbol, date or number is shorter
	maxKept     = 128     // bytes of a text that is remembered
	maxInterned = 1 << 16 // texts that are remembered: more than a market has symbols
)

func (t *interner) text(b []byte) (string, error) {
	if string(b) == t.last {
		return t.last, nil
	}
	if len(b) > maxText {
		return "", errors.New("the text is longer than 4 KiB: it is no symbol, date or number")
	}
	s, ok := t.known[string(b)]
	if !ok {
		s = string(b)
		t.remember(s)
	}
	t.last = s
	return s, nil
}

func (t *interner) remember(s string) {
	if len(s) > maxKept {
		return
	}
	if t.known == nil || len(t.known) >= maxInterned {
		t.known = make(map[string]string)
	}
	t.known[s] = s
}
