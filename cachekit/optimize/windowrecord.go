package optimize

import (
	"encoding/binary"
	"math"
)

// A windowRecord keeps in a journal how parameters did over windows: what a
// [WalkForward] with a Key found. A nil one keeps nothing.
type windowRecord[P any] struct {
	journal *Journal
	keyOf   func(P, Span) ([32]byte, error)
}

// newWindowRecord returns nil if there is no journal, or no key to record under.
func newWindowRecord[P any](w *WalkForward[P], o Options) *windowRecord[P] {
	if o.Journal == nil || w.Key == nil {
		return nil
	}
	return &windowRecord[P]{journal: o.Journal, keyOf: w.Key}
}

// key returns the key of what parameters do over a span, of that kind.
func (r *windowRecord[P]) key(kind byte, p P, span Span, periodsPerYear float64) (k trialKey, err error) {
	if k, err = r.keyOf(p, span); err != nil {
		return k, unkept{err}
	}
	h := newDigest("optcache window 1")
	h.number(uint64(kind))
	h.hash.Write(k[:])
	h.number(math.Float64bits(periodsPerYear))
	return h.sum(), nil
}

// performance returns that of parameters over a span: the recorded one, or that of
// run, which it records.
func (r *windowRecord[P]) performance(p P, span Span, periodsPerYear float64, run func() (Performance, error)) (Performance, error) {
	if r == nil {
		return run()
	}
	return recorded(r, kindPerformance, p, span, periodsPerYear, encodePerformance, decodePerformance, run)
}

// course returns that of parameters over a span, likewise.
func (r *windowRecord[P]) course(p P, span Span, run func() (Course, error)) (Course, error) {
	if r == nil {
		return run()
	}
	return recorded(r, kindCourse, p, span, 0, encodeCourse, decodeCourse, run)
}

func recorded[P, R any](r *windowRecord[P], kind byte, p P, span Span, periodsPerYear float64, encode func(R) []byte, decode func([]byte) (R, bool), run func() (R, error)) (R, error) {
	var none R
	key, err := r.key(kind, p, span, periodsPerYear)
	if err != nil {
		return none, err
	}
	value, err := r.journal.lookup(kind, key)
	if err != nil {
		return none, err
	}
	if result, ok := decode(value); ok {
		return result, nil
	}
	result, err := run()
	if err != nil {
		return result, err
	}
	return result, r.journal.record(kind, finding{key, encode(result)})
}

func encodePerformance(p Performance) []byte {
	b := encodeFloats(p.TotalReturn, p.CAGR, p.Sharpe, p.Sortino, p.Calmar, p.MaxDrawdown)
	return binary.LittleEndian.AppendUint64(b, uint64(p.Bars))
}

// decodePerformance reports false for what encodePerformance did not make.
func decodePerformance(b []byte) (p Performance, ok bool) {
	const size = 7 * 8
	if len(b) != size {
		return p, false
	}
	decodeFloats(b, &p.TotalReturn, &p.CAGR, &p.Sharpe, &p.Sortino, &p.Calmar, &p.MaxDrawdown)
	p.Bars = int(binary.LittleEndian.Uint64(b[size-8:]))
	return p, true
}

func encodeCourse(c Course) []byte {
	b := encodeFloats(c.Equity...)
	for _, t := range c.Times {
		b = binary.LittleEndian.AppendUint64(b, uint64(t))
	}
	return b
}

// decodeCourse reports false for what encodeCourse did not make.
func decodeCourse(b []byte) (c Course, ok bool) {
	n := len(b) / 16
	if n == 0 || len(b) != 16*n {
		return c, false
	}
	c = Course{make([]int64, n), make([]float64, n)}
	for i := range n {
		c.Equity[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		c.Times[i] = int64(binary.LittleEndian.Uint64(b[8*(n+i):]))
	}
	return c, true
}
