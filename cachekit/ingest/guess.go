package ingest

import (
	"math"
	"strings"

	"github.com/bmadventure/optcache/cachekit/ingest/internal/figure"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/when"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// guess finds the columns of a file without a header: a time, or a date and a time of day, then open, high, low, close
// and perhaps a volume, which is how providers write such files (Binance, Kraken, HistData, MetaTrader, FirstRate,
// LEAN). It holds the values against that: a high is the highest and a low the lowest of every row that is looked at,
// and some row tells them apart.
func (r *textRows) guess(sample []sampleRow) (h header, ok bool) {
	h = header{symbol: -1, time: 0, clock: -1}
	for f := range h.fields {
		h.fields[f] = -1
	}
	r.time = "time"
	width := r.sheet.Columns
	format, wrong := when.Find(cells(sample, 0, -1), r.dateFormat)
	if wrong != "" || len(sample) == 0 || !areTimes(format, cells(sample, 0, -1)) {
		return h, false
	}
	first := 1
	if width > 6 && areClocks(cells(sample, 1, -1)) {
		h.clock, first = 1, 2
	}
	if width < first+4 {
		return h, false
	}
	for f := bar.Open; f <= bar.Close; f++ {
		h.fields[f] = first + f
	}
	if width > first+4 {
		h.fields[bar.Volume] = first + 4
	}
	if !r.areBars(sample, &h) {
		return h, false
	}
	if r.isLEAN(sample, &h) {
		r.scale = 10_000
	}
	return h, true
}

// areTimes reports whether all cells are times.
func areTimes(f *when.Format, cells []string) bool {
	for _, c := range cells {
		if _, wrong := f.Parse(c, 1); wrong != "" {
			return false
		}
	}
	return len(cells) > 0
}

// areClocks reports whether all cells are times of day.
func areClocks(cells []string) bool {
	for _, c := range cells {
		if !strings.Contains(c, ":") {
			return false
		}
	}
	f, wrong := when.Find([]string{"2000-01-01 00:00"}, "")
	if wrong != "" {
		return false
	}
	for _, c := range cells {
		if _, wrong := f.Parse("2000-01-01 "+c, 1); wrong != "" {
			return false
		}
	}
	return len(cells) > 0
}

// areBars reports whether the columns hold prices of which the second is the highest and the third the lowest.
func (r *textRows) areBars(sample []sampleRow, h *header) bool {
	var numbers []string
	for f := bar.Open; f <= bar.Close; f++ {
		numbers = append(numbers, cells(sample, h.fields[f], -1)...)
	}
	format := figure.Find(numbers, r.sheet.Delimiter)
	told := false
	for _, row := range sample {
		var v [4]float64
		for f := range v {
			var wrong string
			if v[f], wrong = format.Parse(row.record[h.fields[f]]); wrong != "" || math.IsNaN(v[f]) {
				return false
			}
		}
		if v[bar.High] < max(v[0], v[2], v[3]) || v[bar.Low] > min(v[0], v[1], v[3]) {
			return false
		}
		told = told || v[bar.High] > v[bar.Low]
	}
	return told
}

// isLEAN reports whether the rows are those of QuantConnect's LEAN, which writes prices of shares in ten-thousandths,
// as whole numbers, after a date and an hour without a sign.
func (r *textRows) isLEAN(sample []sampleRow, h *header) bool {
	if r.sheet.Columns != 6 || r.sheet.Delimiter != ',' {
		return false
	}
	for _, row := range sample {
		at := row.record[0]
		if len(at) != len("20040102 00:00") || at[8] != ' ' || at[11] != ':' {
			return false
		}
		for f := bar.Open; f <= bar.Close; f++ {
			if strings.ContainsAny(row.record[h.fields[f]], ".,") {
				return false
			}
		}
	}
	return true
}
