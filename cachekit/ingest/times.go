package ingest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/ingest/internal/clock"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// understand finds out what the times of all tables mean, and makes dates or instants of them. It adds problems to
// the tables, and returns one of the folder: files that disagree.
func (in *input) understand() error {
	for _, t := range in.tables {
		for _, g := range t.groups {
			if err := g.turn(); err != nil {
				return err
			}
			g.survey = g.surveyed()
		}
	}
	if err := in.findFrequency(); err != nil {
		return err
	}
	for _, t := range in.tables {
		for _, g := range t.groups {
			if in.frequency.Intraday() {
				in.toInstants(g, t)
			} else {
				in.toDates(g, t)
			}
			t.zone = in.zoneOf(g, t.zone)
		}
	}
	return nil
}

// zoneOf says in which zone the times of g were written; before is what those of earlier groups of the file were.
func (in *input) zoneOf(g *rowGroup, before string) string {
	zone := g.zone
	switch {
	case zone != "":
	case !g.known && in.zone != nil && g.survey.Timed():
		zone = in.zone.String()
	case !g.known:
		zone = "none"
	default:
		zone = g.survey.Offset()
	}
	if before != "" && before != zone {
		return "several"
	}
	return zone
}

// turn brings rows that come newest first into the order of time.
func (g *rowGroup) turn() error {
	n := len(g.times)
	if n < 2 || g.times[0] <= g.times[n-1] {
		return nil
	}
	if err := g.load(); err != nil {
		return err
	}
	order := make([]int, n)
	for i := range order {
		order[i] = n - 1 - i
	}
	g.permute(order)
	return nil
}

// surveyed looks at all times in their order.
func (g *rowGroup) surveyed() *clock.Survey {
	s := new(clock.Survey)
	if bar.Ascending(g.times) {
		for i := range g.times {
			s.Add(g.wallClock(i), g.offset(i), g.known, g.line(i))
		}
		return s
	}
	order := make([]int, len(g.times))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(g.times[i], g.times[j]) })
	for at, i := range order {
		if at > 0 && g.times[i] == g.times[order[at-1]] {
			continue // there twice: told or dropped later
		}
		s.Add(g.wallClock(i), g.offset(i), g.known, g.line(i))
	}
	return s
}

// findFrequency decides about bars whose frequency was not given, and refuses files that disagree.
func (in *input) findFrequency() error {
	if in.frequency != 0 {
		return nil
	}
	found := make(map[market.Frequency][]string) // paths of the files
	var finest market.Frequency
	for _, t := range in.tables {
		for _, g := range t.groups {
			if f := g.survey.Frequency(); f.Intraday() && (finest == 0 || f < finest) {
				finest = f
			}
		}
	}
	alone := make(map[market.Frequency][]string) // files of single bars, which tell by their time of day alone
	for _, t := range in.tables {
		for _, g := range t.groups {
			f, votes := g.survey.Frequency(), found
			switch {
			case f == 0 && g.survey.Timed():
				f, votes = market.Minute, alone
			case f == 0 && finest == 0:
				f, votes = market.Daily, alone
			case f == 0:
				f = market.Daily // a date among minutes
			case f.Intraday() && g.survey.Fits(finest):
				f = finest
			}
			if !slices.Contains(votes[f], t.path) {
				votes[f] = append(votes[f], t.path)
			}
		}
	}
	if len(found) == 0 {
		found = alone
	}
	switch {
	case len(found) > 1:
		return inputProblem(bundle.Problem{File: in.dir, Message: disagreement(found)})
	case len(found) == 1:
		in.frequency = slices.Collect(maps.Keys(found))[0]
	default:
		in.frequency = market.Daily
	}
	return nil
}

// disagreement says which files have bars of which frequency.
func disagreement(found map[market.Frequency][]string) string {
	var parts []string
	for _, f := range slices.SortedFunc(maps.Keys(found), func(a, b market.Frequency) int {
		return cmp.Or(cmp.Compare(len(found[b]), len(found[a])), cmp.Compare(a, b))
	}) {
		files := found[f]
		text := fmt.Sprintf("%s bars in %s", f, files[0])
		if n := len(files) - 1; n > 0 {
			text += fmt.Sprintf(" and %d more", n)
		}
		parts = append(parts, text)
	}
	return "the files differ in frequency: " + strings.Join(parts, ", ") + ": put each frequency into a folder of its own"
}

// toDates makes dates of the times of bars of a day and longer.
func (in *input) toDates(g *rowGroup, t *table) {
	if row, wall, found := g.survey.Stray(); found {
		t.refuse(row, t.time, bar.FormatTime(market.Minute, wall), clock.StrayMessage(in.frequency))
		return
	}
	dates := clock.Dates{Zone: in.zone}
	if in.zone == nil && g.zone != "" && g.known {
		dates.Zone, _ = time.LoadLocation(g.zone) // which was tried when it was read
	} else if in.zone == nil {
		found, wrong := g.survey.Dates()
		if wrong != "" {
			t.refuse(0, t.time, bar.FormatTime(market.Minute, g.times[0]), wrong)
			return
		}
		dates = found
		if found.Zone != nil {
			g.zone = found.Zone.String()
		}
	}
	seen := make(map[int64]int) // where a date shows up first with a time of day, to tell bars within the day
	timed := g.survey.Timed()
	for i := range g.times {
		at := dates.Of(g.wallClock(i), g.offset(i), g.known)
		if wrong := bar.CheckTime(in.frequency, at); wrong != "" {
			t.refuse(g.line(i), t.time, bar.FormatTime(market.Minute, at), wrong)
		}
		if timed {
			if first, again := seen[at]; again && g.times[first] != g.times[i] {
				t.refuse(g.line(i), t.time, bar.FormatTime(market.Minute, g.wallClock(i)),
					fmt.Sprintf("it is the second bar of its date, after line %d, but the bars are taken for %s ones: "+
						"remove it, or give the frequency that they have", g.line(first), in.frequency))
				continue
			}
			seen[at] = i
		}
	}
	g.retime(func(i int) int64 { return dates.Of(g.wallClock(i), g.offset(i), g.known) })
	g.offsets = runs{}
}

// toInstants makes instants of the times of bars within the day.
func (in *input) toInstants(g *rowGroup, t *table) {
	g.offsets = runs{}
	zone := in.zone
	if g.zone != "" && !g.known {
		zone, _ = time.LoadLocation(g.zone) // which was tried when it was read
	}
	if !g.known && zone != nil {
		local := clock.Local{Zone: zone}
		g.retime(func(i int) int64 {
			at, wrong := local.Instant(g.times[i])
			if wrong != "" {
				t.refuse(g.line(i), t.time, wallText(g.times[i]), wrong)
				return g.times[i]
			}
			return at
		})
	}
	if in.options.StampedAtEnd {
		g.retime(func(i int) int64 { return g.times[i] - int64(in.frequency) })
	}
}

// retime gives bars other times. A slice that needs no change stays: assets of one market share theirs.
func (g *rowGroup) retime(of func(i int) int64) {
	times := g.times
	for i := range times {
		at := of(i)
		if at == times[i] {
			continue
		}
		if &times[0] == &g.times[0] {
			times = slices.Clone(times)
		}
		times[i] = at
	}
	g.times = times
}

// wallText writes a time that no offset was known of.
func wallText(wall int64) string {
	return time.Unix(0, wall).UTC().Format("2006-01-02 15:04:05.999999999")
}

// checkRepeated adds a problem for every two different rows of one time.
func (in *input) checkRepeated(g *rowGroup, t *table) error {
	dropped, err := g.dropRepeated()
	if err != nil {
		return err
	}
	t.repeated += dropped
	for i := 1; i < len(g.times); i++ {
		if g.times[i] == g.times[i-1] {
			t.refuse(g.line(i), t.time, bar.FormatTime(in.frequency, g.times[i]), g.repeatMessage(in, i-1, t))
		}
	}
	return nil
}

// repeatMessage says what two different rows of one time are.
func (g *rowGroup) repeatMessage(in *input, first int, t *table) string {
	what := "line"
	if t.rows {
		what = "row"
	}
	if in.frequency.Intraday() && !g.known && in.zone == nil && clock.Repeats(g.times[first]) {
		return fmt.Sprintf("it occurs twice, here and in %s %d: the hour that the clocks repeat when daylight saving ends: "+
			"give the zone of the file with --timezone, such as America/New_York", what, g.line(first))
	}
	return fmt.Sprintf("it occurs twice, here and in %s %d, with different values: keep the row that is right "+
		"(the last bar of a download may be of a session that had not ended)", what, g.line(first))
}
