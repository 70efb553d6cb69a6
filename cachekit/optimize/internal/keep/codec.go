package keep

import (
	"encoding/binary"
	"math"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/optimize/record"
)

// A Codec turns results of one kind into what the journal holds and back.
type Codec[R any] struct {
	Kind   byte // in the journal
	encode func(R) []byte
	decode func([]byte) (R, bool) // false for what encode did not make
	own    func(R) R              // a copy that shares nothing: what is kept is nobody else's to change
}

// Metrics is the codec of what backtests find.
var Metrics = Codec[backtest.Metrics]{record.KindMetrics, encodeMetrics, decodeMetrics, itself[backtest.Metrics]}

// Performances is the codec of how accounts did over windows.
var Performances = Codec[backtest.Performance]{record.KindPerformance, encodePerformance, decodePerformance, itself[backtest.Performance]}

// Curves is the codec of equity curves over windows.
var Curves = Codec[backtest.EquityCurve]{record.KindCurve, encodeCurve, decodeCurve, backtest.EquityCurve.Clone}

// itself is the copy of a value that refers to nothing.
func itself[R any](result R) R { return result }

const metricsBytes = 9 * 8

func encodeMetrics(m backtest.Metrics) []byte {
	b := encodeFloats(m.TotalReturn, m.CAGR, m.Sharpe, m.Sortino, m.Calmar, m.MaxDrawdown, m.WinRate, m.ProfitFactor)
	return binary.LittleEndian.AppendUint64(b, uint64(m.Trades))
}

// decodeMetrics reports false for what encodeMetrics did not make.
func decodeMetrics(b []byte) (m backtest.Metrics, ok bool) {
	if len(b) != metricsBytes {
		return m, false
	}
	decodeFloats(b, &m.TotalReturn, &m.CAGR, &m.Sharpe, &m.Sortino, &m.Calmar, &m.MaxDrawdown, &m.WinRate, &m.ProfitFactor)
	m.Trades = int(binary.LittleEndian.Uint64(b[metricsBytes-8:]))
	return m, true
}

func encodeFloats(values ...float64) []byte {
	b := make([]byte, 0, 8*len(values)+8)
	for _, x := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

func decodeFloats(b []byte, to ...*float64) {
	for i, x := range to {
		*x = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
}

func encodePerformance(p backtest.Performance) []byte {
	b := encodeFloats(p.TotalReturn, p.CAGR, p.Sharpe, p.Sortino, p.Calmar, p.MaxDrawdown)
	return binary.LittleEndian.AppendUint64(b, uint64(p.Bars))
}

// decodePerformance reports false for what encodePerformance did not make.
func decodePerformance(b []byte) (p backtest.Performance, ok bool) {
	const size = 7 * 8
	if len(b) != size {
		return p, false
	}
	decodeFloats(b, &p.TotalReturn, &p.CAGR, &p.Sharpe, &p.Sortino, &p.Calmar, &p.MaxDrawdown)
	p.Bars = int(binary.LittleEndian.Uint64(b[size-8:]))
	return p, true
}

func encodeCurve(c backtest.EquityCurve) []byte {
	b := encodeFloats(c.Equity...)
	for _, t := range c.Times {
		b = binary.LittleEndian.AppendUint64(b, uint64(t))
	}
	return b
}

// decodeCurve reports false for what encodeCurve did not make.
func decodeCurve(b []byte) (c backtest.EquityCurve, ok bool) {
	n := len(b) / 16
	if n == 0 || len(b) != 16*n {
		return c, false
	}
	c = backtest.EquityCurve{Times: make([]int64, n), Equity: make([]float64, n)}
	for i := range n {
		c.Equity[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		c.Times[i] = int64(binary.LittleEndian.Uint64(b[8*(n+i):]))
	}
	return c, true
}
