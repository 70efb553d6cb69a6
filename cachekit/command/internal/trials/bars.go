package trials

import (
	"fmt"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/command/internal/console"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/source"
)

// Bars returns what every trial will read. It refuses prices that no trial can use, before there is one, and warns of
// those that look as if a split was not applied.
func (j *Job[S]) Bars(d *Side) (*bundle.Bars, error) {
	_, bars, err := d.View.Load(j.Ctx)
	if err != nil {
		return nil, err
	}
	if err := checkPrices(j.Bundle, bars); err != nil {
		return nil, console.Usage(err)
	}
	return bars, j.warnOfSplits(d, bars)
}

// warnOfSplits warns of prices that move as if an asset was split. The rows of splits are read for it, which no strategy
// asks for.
func (j *Job[S]) warnOfSplits(d *Side, bars *bundle.Bars) error {
	q := d.View.Query()
	if has := d.Pin.Bundle().Fields(); has.Has(bundle.Split) {
		q.Fields = bundle.Open | bundle.Close | bundle.Split
		var err error
		if bars, err = d.Pin.Bundle().Read(j.Ctx, q); err != nil {
			return err
		}
	}
	for _, line := range source.Warn(bars) {
		j.Log.Warn(line)
	}
	return nil
}

// Describe says what bars were read, for the head of a report.
func (d *Side) Describe(bars *bundle.Bars, count int) output.Bundle {
	return output.DescribeBundle(d.Pin.Bundle(), bars, d.View.Query(), count)
}

// checkPrices returns an error for the first price of zero or below.
func checkPrices(name string, bars *bundle.Bars) error {
	for i := range bars.Assets() {
		g := bars.Group(i)
		for f, column := range map[string][]float64{"open": g.Open, "close": g.Close} {
			for at, price := range column {
				if price > 0 {
					continue
				}
				return fmt.Errorf("bundle %q: the %s of %s at %s is %v, and returns cannot be computed from prices of zero or "+
					"below: ingest the files again with --skip-assets, which leaves such assets out",
					name, f, g.Asset.Symbol, output.ShortTime(time.Unix(0, g.Times[at]).UTC()), price)
			}
		}
	}
	return nil
}
