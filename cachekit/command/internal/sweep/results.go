package sweep

import (
	"math"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
)

// trialTable is the results of trials: number, parameters, metrics, error.
func trialTable[S trials.Tunable[S]](j *trials.Job[S], out trials.Outcomes[S]) *output.Table {
	columns := []output.Column{output.Col("trial", output.Whole)}
	for _, p := range j.Family.Axes {
		columns = append(columns, output.Col(p.Name, p.Kind))
	}
	metrics := metricColumns()
	params := len(columns)
	columns = append(columns, metrics...)
	columns = append(columns, output.Col("error", output.Text))
	return &output.Table{Columns: columns, Rows: len(out), Cell: func(row, i int) any {
		o := &out[row]
		switch {
		case i == 0:
			return int64(row)
		case i < params:
			return j.Family.Axes[i-1].Value(o.Params)
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
func metricColumns() []output.Column {
	var columns []output.Column
	for m := range (backtest.Metrics{}).All() {
		c := output.Col(m.String(), output.Real)
		if m == backtest.Trades {
			c.Kind = output.Whole
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
