package files

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/bmadventure/optcache/cachekit/market"
)

// choose returns the relative path of the folder to read: the root, or the one below it that holds the frequency.
// Folders of frequencies count only where the root holds no bars itself, and each is a set of its own, since the same
// asset is in several of them.
func (w *walk) choose(frequency string) string {
	entries, err := os.ReadDir(w.root)
	if err != nil {
		return "" // the walk says so
	}
	sets := map[string]string{} // folders by their frequency
	for _, e := range entries {
		folder := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := os.Stat(w.shown(e.Name()))
			folder = err == nil && info.IsDir()
		}
		name := frequencyOf(e.Name())
		switch {
		case !folder && kindOf(e.Name()).ignored == "":
			return ""
		case folder && name != "" && sets[name] == "":
			sets[name] = e.Name()
		case folder && name != "":
			w.refuse("", fmt.Sprintf("the folders %s and %s both hold %s bars: give one of them", sets[name], e.Name(), name))
			return ""
		}
	}
	names := slices.Sorted(maps.Keys(sets))
	switch want := frequencyOf(frequency); {
	case len(sets) == 0:
		return ""
	case sets[want] != "":
		return w.only(sets[want], entries)
	case frequency != "":
		w.refuse("", fmt.Sprintf("the folder holds %s bars and none that are %s: choose another frequency, or give the "+
			"folder that holds them", list(names), frequency))
		return ""
	case len(sets) > 1:
		w.refuse("", fmt.Sprintf("the folder holds %s bars, in folders of their own: choose one with --frequency, or "+
			"give one of the folders", list(names)))
		return ""
	}
	return w.only(sets[names[0]], entries)
}

// only ignores all but one of the entries of the root, and returns that one.
func (w *walk) only(folder string, entries []os.DirEntry) string {
	for _, e := range entries {
		switch {
		case e.Name() == folder:
		case e.Type().IsRegular():
			w.found = append(w.found, e.Name())
		case folderWhy(e.Name()) != "":
			w.ignore(e.Name(), folderWhy(e.Name()))
		default:
			w.ignore(e.Name(), "only the folder "+folder+" is read")
			if frequencyOf(e.Name()) == "" {
				w.warnings = append(w.warnings, Note{w.shown(e.Name()), "it is left out, since only the folder " + folder +
					" is read: give it by itself if it holds bars"})
			}
		}
	}
	return folder
}

// frequencyWords are names of folders that [market.ParseFrequency] does not take: those of LEAN, Stooq, MetaTrader.
var frequencyWords = map[string]market.Frequency{
	"days": market.Daily, "d1": market.Daily, "1day": market.Daily, "eod": market.Daily,
	"w1": market.Weekly, "1week": market.Weekly, "mn1": market.Monthly, "1month": market.Monthly,
	"minutes": market.Minute, "1minute": market.Minute, "m1": market.Minute, "m5": 5 * market.Minute,
	"m15": 15 * market.Minute, "m30": 30 * market.Minute, "h1": 60 * market.Minute, "h4": 240 * market.Minute,
	"hours": 60 * market.Minute, "1hour": 60 * market.Minute, "4hour": 240 * market.Minute,
	"seconds": market.Minute / 60, "5minute": 5 * market.Minute, "15minute": 15 * market.Minute,
	"30minute": 30 * market.Minute,
}

// ticker is a folder's name that is more likely an asset than a frequency: DAY is one in New York.
var ticker = regexp.MustCompile(`^[A-Z]{1,4}$`)

// frequencyOf returns the frequency that a folder is called by, as market.Frequency writes it, or "".
func frequencyOf(name string) string {
	switch {
	case name == "1M": // where a minute is 1m
		return market.Monthly.String()
	case ticker.MatchString(name):
		return ""
	}
	lower := strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(name))
	if f, ok := frequencyWords[lower]; ok {
		return f.String()
	}
	if f, err := market.ParseFrequency(lower); err == nil {
		return f.String()
	}
	return ""
}

// list writes names as people do: "daily and minute", "daily, hour and minute".
func list(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
