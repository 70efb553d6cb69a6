package bundle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/internal/few"
)

// Losses are what a version has that another, made after it, has not.
type Losses struct {
	Frequency market.Frequency

	// Assets are the first 20 that are gone, by symbol, and MoreAssets how many there are beyond these.
	Assets     []string
	MoreAssets int

	// Bars are the first 20 assets that stay but lose bars, by symbol, and MoreBars how many there are beyond these.
	Bars     []BarLoss
	MoreBars int
}

// A BarLoss is the bars that one asset loses.
type BarLoss struct {
	Symbol      string
	Bars        int
	First, Last time.Time // of those bars, UTC
}

// A LossError says what a write would have lost: nothing was written.
type LossError struct{ Losses }

// Error names what would go, and the flag that lets it.
func (e *LossError) Error() string {
	return "the new data lacks what the bundle has: " + e.Losses.String() +
		": add it, give --append to keep it, or --replace to let it go"
}

// String says in a line what goes; it names the first few.
func (l *Losses) String() string {
	const most = 5
	var said []string
	if n := len(l.Assets) + l.MoreAssets; n > 0 {
		names := make([]string, min(len(l.Assets), most))
		for i := range names {
			names[i] = plain(l.Assets[i])
		}
		said = append(said, fmt.Sprintf("%s (%s)", count(n, "asset"), firstOf(names, n)))
	}
	if n := len(l.Bars) + l.MoreBars; n > 0 {
		names := make([]string, min(len(l.Bars), most))
		for i, b := range l.Bars[:len(names)] {
			names[i] = fmt.Sprintf("%s %s, %s to %s", plain(b.Symbol), count(b.Bars, "bar"),
				bar.FormatTime(l.Frequency, b.First.UnixNano()), bar.FormatTime(l.Frequency, b.Last.UnixNano()))
		}
		said = append(said, fmt.Sprintf("bars of %s (%s)", count(n, "asset"), firstOf(names, n)))
	}
	return strings.Join(said, "; ")
}

// count returns "1 bar" or "2 bars".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// firstOf joins names, which are the first of n.
func firstOf(names []string, n int) string {
	text := strings.Join(names, "; ")
	if n > len(names) {
		text += fmt.Sprintf("; and %d more", n-len(names))
	}
	return text
}

// losses returns what base has and d has not; nil if there is nothing. It reads the times of those parts alone that
// are not the same in both.
func (d *dataset) losses(ctx context.Context, base *content) (*Losses, error) {
	var assets few.List[string]
	var bars few.List[BarLoss]
	old := base.manifest
	if old.frequency != d.manifest.frequency {
		for _, a := range old.assets {
			assets.Add(a.Symbol) // bars of another frequency are no bars of these
		}
		return &Losses{Frequency: old.frequency, Assets: assets.First, MoreAssets: assets.More}, nil
	}
	for i, a := range old.assets {
		j, ok := d.manifest.find(a.Symbol)
		if !ok {
			assets.Add(a.Symbol)
			continue
		}
		gone, err := d.barsLost(ctx, base, i, j)
		if err != nil {
			return nil, err
		}
		if len(gone) > 0 {
			bars.Add(BarLoss{Symbol: a.Symbol, Bars: len(gone),
				First: time.Unix(0, gone[0]).UTC(), Last: time.Unix(0, gone[len(gone)-1]).UTC()})
		}
	}
	if !assets.Any() && !bars.Any() {
		return nil, nil
	}
	return &Losses{old.frequency, assets.First, assets.More, bars.First, bars.More}, nil
}

// barsLost returns the times that asset i of the base has and asset j of d has not.
func (d *dataset) barsLost(ctx context.Context, base *content, i, j int) ([]int64, error) {
	b := Bundle{content: base}
	var gone []int64
	for _, pair := range pairParts(base.manifest, i, d.manifest, j) {
		if pair.same || pair.old < 0 {
			continue
		}
		old, err := b.readPart(ctx, pair.old, 0)
		if err != nil {
			return nil, err
		}
		var now Series
		if pair.new >= 0 {
			if now, err = d.bars(ctx, pair.new, Series{}); err != nil {
				return nil, err
			}
		}
		for _, t := range old.times {
			if _, ok := slices.BinarySearch(now.Times, t); !ok {
				gone = append(gone, t)
			}
		}
	}
	return gone, nil
}
