package optimize

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
)

// A windowRecord keeps how parameters did over windows, what a [WalkForward] with
// a Key found: in a journal, in a workspace, or both. A nil one keeps nothing.
type windowRecord[P any] struct {
	journal *Journal      // nil: not in a journal
	results *resultCaches // nil: not in a workspace
	keyOf   func(P, Span) ([32]byte, error)
}

// newWindowRecord returns nil if nothing is to be kept, or there is no key to keep it under.
func newWindowRecord[P any](w *WalkForward[P], o Options) (*windowRecord[P], error) {
	if w.Key == nil {
		return nil, nil
	}
	r := &windowRecord[P]{journal: o.Journal, keyOf: w.Key}
	if o.Memo {
		workspace, err := w.Workspace, error(nil)
		if workspace == nil {
			workspace, err = Default()
		}
		if err != nil {
			return nil, fmt.Errorf("keep results in the workspace of the process: %w", err)
		}
		r.results = workspace.results
	}
	if r.journal == nil && r.results == nil {
		return nil, nil
	}
	return r, nil
}

// performance returns that of parameters over a span: the one that is kept, or that of
// run, which it keeps.
func (r *windowRecord[P]) performance(p P, span Span, periodsPerYear float64, run func() (Performance, error)) (Performance, error) {
	if r == nil {
		return run()
	}
	k := keeper[Performance]{journal: r.journal, kind: kindPerformance, encode: encodePerformance, decode: decodePerformance, own: itself[Performance]}
	if r.results != nil {
		k.cache = r.results.performances
	}
	return recorded(r, k, p, span, periodsPerYear, run)
}

// course returns that of parameters over a span, likewise.
func (r *windowRecord[P]) course(p P, span Span, run func() (Course, error)) (Course, error) {
	if r == nil {
		return run()
	}
	k := keeper[Course]{journal: r.journal, kind: kindCourse, encode: encodeCourse, decode: decodeCourse, own: Course.clone}
	if r.results != nil {
		k.cache = r.results.courses
	}
	return recorded(r, k, p, span, 0, run)
}

// key returns the key of what parameters do over a span, of that kind.
func (r *windowRecord[P]) key(kind byte, p P, span Span, periodsPerYear float64) (trialKey, error) {
	of, err := r.keyOf(p, span)
	if err != nil {
		return trialKey{}, unkept{err}
	}
	b := append(make([]byte, 0, 64), kind)
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(periodsPerYear))
	return sha256.Sum256(append(b, of[:]...)), nil
}

func recorded[P, R any](r *windowRecord[P], k keeper[R], p P, span Span, periodsPerYear float64, run func() (R, error)) (R, error) {
	key, err := r.key(k.kind, p, span, periodsPerYear)
	if err != nil {
		var none R
		return none, err
	}
	return k.of(key, run)
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
