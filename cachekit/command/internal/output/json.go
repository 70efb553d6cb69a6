package output

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/search"
)

// Params is written as an object, in the order of the axes.
type Params []search.Param

func (p Params) MarshalJSON() ([]byte, error) {
	return object(len(p), func(i int) (string, any) { return p[i].Name, p[i].Value })
}

// Metrics is written as an object, in the order of the metrics. JSON has no
// NaN and no infinity: they are written as strings.
type Metrics backtest.Metrics

func (m Metrics) MarshalJSON() ([]byte, error) {
	var names []string
	var values []any
	for metric, v := range backtest.Metrics(m).All() {
		names = append(names, metric.String())
		if math.IsNaN(v) || math.IsInf(v, 0) {
			values = append(values, nonFinite(v))
		} else {
			values = append(values, v)
		}
	}
	return object(len(names), func(i int) (string, any) { return names[i], values[i] })
}

// Performance is written as an object, in the order of the metrics.
type Performance backtest.Performance

func (p Performance) MarshalJSON() ([]byte, error) {
	names, values := []string{"bars"}, []any{p.Bars}
	for m := range (backtest.Metrics{}).All() {
		if !m.NeedsTrades() {
			names, values = append(names, m.String()), append(values, Number(backtest.Performance(p).Value(m)))
		}
	}
	return object(len(names), func(i int) (string, any) { return names[i], values[i] })
}

// A Number is written as text where it is no finite number: "NaN", "+Inf", "-Inf".
type Number float64

func (n Number) MarshalJSON() ([]byte, error) {
	if x := float64(n); math.IsNaN(x) || math.IsInf(x, 0) {
		return []byte(`"` + nonFinite(x) + `"`), nil
	}
	return []byte(Plain(float64(n))), nil
}

// nonFinite returns "NaN", "+Inf" or "-Inf".
func nonFinite(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// object writes a JSON object of n members in a given order.
func object(n int, member func(i int) (string, any)) ([]byte, error) {
	out := []byte{'{'}
	for i := range n {
		name, value := member(i)
		if i > 0 {
			out = append(out, ',')
		}
		out = append(strconv.AppendQuote(out, name), ':')
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("write %s as JSON: %w", name, err)
		}
		out = append(out, text...)
	}
	return append(out, '}'), nil
}
