package main

import (
	"math"

	"github.com/bmadventure/optcache/cachekit/backtest"
)

// trialTable is the results of trials: number, parameters, metrics, error.
func trialTable[S tunable[S]](j *job[S], out outcomes[S]) *table {
	columns := []column{col("trial", whole)}
	for _, p := range j.family.axes {
		columns = append(columns, col(p.name, p.kind))
	}
	metrics := metricColumns()
	params := len(columns)
	columns = append(columns, metrics...)
	columns = append(columns, col("error", text))
	return &table{columns: columns, rows: len(out), cell: func(row, i int) any {
		o := &out[row]
		switch {
		case i == 0:
			return int64(row)
		case i < params:
			return j.family.axes[i-1].value(o.Params)
		case i == len(columns)-1:
			if o.Err != nil {
				return o.Err.Error()
			}
			return ""
		}
		return metricCell(backtest.Metric(i-params), o.Result, o.Err)
	}}
}

// metricColumns are the metrics in the order of their constants.
func metricColumns() []column {
	var columns []column
	for m := range (backtest.Metrics{}).All() {
		c := col(m.String(), real)
		if m == backtest.Trades {
			c.kind = whole
		}
		columns = append(columns, c)
	}
	return columns
}

// metricCell returns a metric of a trial: NaN, or no trades, if it failed.
func metricCell(m backtest.Metric, all backtest.Metrics, err error) any {
	switch {
	case m == backtest.Trades && err != nil:
		return int64(0)
	case m == backtest.Trades:
		return int64(all.Trades)
	case err != nil:
		return math.NaN()
	}
	return all.Value(m)
}
