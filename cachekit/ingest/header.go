package ingest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bmadventure/optcache/cachekit/bundle"
	"github.com/bmadventure/optcache/cachekit/internal/bar"
)

// names are what providers and libraries call a column, plain as [plainName] makes it. Where a file has several of
// them, the first of the list is taken.
var names = struct {
	symbol, time, clock []string
	fields              [bar.NumFields][]string
}{
	symbol: []string{"symbol", "ticker", "instrument", "rawsymbol", "sym", "asset", "tradingsymbol", "tckrsymb", "tic",
		"stocksymbol", "code", "tscode", "security", "securityid", "sid", "secid", "permno", "isin", "pair", "contract",
		"name"},
	time: []string{"date", "datetime", "timestamp", "time", "day", "opentime", "tsevent", "windowstart", "beginsat",
		"tradedate", "tradingdate", "pricedate", "datadate", "caldt", "dt", "ts", "t", "datum", "fecha", "data", "period",
		"gmttime", "localtime", "utctime", "timeutc", "dateutc", "datetimeutc", "timegmt", "unix", "unixtime",
		"unixtimestamp", "unixtimestampms", "epoch", "start", "starttime", "candlebegintime", "barstart", "datadatetime",
		"timestampms", "timestampns", "eventtime", "index", "indexlevel0", "unnamed0", "level0", ""},
	clock: []string{"time", "timeofday", "hour", "uhrzeit", "hora", "tradetime"},
	fields: [bar.NumFields][]string{
		bar.Open: {"open", "o", "first", "openprice", "openingprice", "openprc", "openpx", "pxopen", "opn", "opnpric",
			"eroffnung", "eroeffnung", "eröffnung", "erster", "startkurs", "apertura", "ouverture", "abertura", "prcod"},
		bar.High: {"high", "h", "highprice", "dayhigh", "askhi", "pxhigh", "hghpric", "max", "hoch", "tageshoch", "maximo",
			"máximo", "plushaut", "prchd"},
		bar.Low: {"low", "l", "lowprice", "daylow", "bidlo", "pxlow", "lwpric", "min", "tief", "tagestief", "minimo",
			"mínimo", "plusbas", "prcld"},
		bar.Close: {"close", "c", "closeprice", "closingprice", "closelast", "last", "lastprice", "price", "prc", "prccd",
			"pxlast", "clspric", "settle", "settlement", "settlementprice", "schlusskurs", "schluss", "schlußkurs", "cierre",
			"cloture", "clôture", "último", "ultimo", "fechamento", "ltp"},
		bar.Volume: {"volume", "v", "tickvolume", "tickvol", "vol", "volumen", "umsatz", "stück", "stücke", "stuck", "cshtrd",
			"pxvolume", "sharestraded", "totaltradedquantity", "totaltradedvolume", "ttltradgvol", "tottrdqty", "quantity",
			"qty", "shares", "baseassetvolume", "volumebase", "realvolume"},
		bar.Dividend: {"dividend", "dividends", "dividendamount", "divcash", "cashdividend", "exdividend", "divamt", "div"},
		bar.Split: {"split", "stocksplits", "splits", "splitcoefficient", "splitfactor", "splitratio", "stocksplit",
			"sharesplit"},
	},
}

// plainer takes away what names are decorated with.
var plainer = strings.NewReplacer("<", "", ">", "", "[", "", "]", "", "*", "", " ", "", "_", "", "-", "", ".", "", "/", "",
	":", "", "(", "", ")", "", "\u00a0", "", "'", "", `"`, "", "#", "")

// plainName returns a name of a column in lower case, without blanks and signs.
func plainName(name string) string {
	if strings.HasPrefix(name, hiddenMark) {
		return name
	}
	return plainOf(name)
}

func plainOf(name string) string { return strings.ToLower(plainer.Replace(strings.TrimSpace(name))) }

// A header says which column of a file holds what; -1 is no column. clock is the time of day where the other column
// of times holds dates alone.
type header struct {
	symbol, time, clock int
	fields              [bar.NumFields]int
	ticker              string // whose columns these are, where tickers stand side by side
}

// has reports whether a column is one of the fields.
func (h *header) has(column int) bool { return slices.Contains(h.fields[:], column) }

// hiddenMark stands before the names of columns that are there and not to be found.
const hiddenMark = "\x00"

// isTimeName reports whether a plain name is one of columns of times.
func isTimeName(plain string) bool { return plain != "" && slices.Contains(names.time, plain) }

// isClockOf reports whether a column is the time of day of another, by its name.
func isClockOf(written []string, i int) bool {
	return slices.Contains(names.clock, plainName(written[i])) &&
		slices.ContainsFunc(written, func(s string) bool { p := plainName(s); return p == "date" || p == "day" || p == "datum" })
}

// readHeader finds the columns by their names. It adds a problem for each that is missing or there twice, and notes
// those that are not used.
func (t *table) readHeader(written []string, line int) (header, bool) {
	h := header{symbol: -1, time: -1, clock: -1}
	before := t.Len()
	plain := make([]string, len(written))
	for i, name := range written {
		plain[i] = plainName(name)
	}
	used := make([]bool, len(written))
	find := func(wanted []string) int {
		for _, name := range wanted {
			at := slices.Index(plain, name)
			if at < 0 || used[at] {
				continue
			}
			used[at] = true
			if again := slices.Index(plain[at+1:], name); again >= 0 {
				t.refuse(line, strings.TrimSpace(written[at+1+again]), "",
					fmt.Sprintf("column %d holds what column %d (%s) holds: remove or rename one of them",
						at+again+2, at+1, strings.TrimSpace(written[at])))
				used[at+1+again] = true
			}
			return at
		}
		return -1
	}
	chosen := t.chosen(written, plain, used, line)
	given := func(what string, known []string) int {
		if at, ok := chosen[what]; ok {
			return at
		}
		return find(known)
	}
	for f := range h.fields {
		h.fields[f] = given(bar.Names[f], names.fields[f])
	}
	h.symbol = given("symbol", names.symbol)
	t.crsp = t.crsp || slices.Contains(plain, "prc") && (slices.Contains(plain, "bidlo") || slices.Contains(plain, "askhi"))
	t.symbols = h.symbol >= 0
	h.time = given("date", names.time)
	if t.noBars = h.time < 0 && !slices.ContainsFunc(h.fields[:bar.Volume], func(at int) bool { return at >= 0 }) && len(t.wanted) == 0; t.noBars {
		t.about = "it has no column of times and none of prices, only " + listed(written)
	}
	if !t.rows && h.time >= 0 {
		h.clock = find(names.clock)
	}
	if h.time < 0 {
		t.refuse(line, "date", "", "no column is one of times: the file has "+listed(written)+": name it with --map date=NAME")
	} else {
		t.time = strings.TrimSpace(written[h.time])
	}
	for f, name := range bar.Names {
		if h.fields[f] < 0 && bundle.OHLC.Has(1<<f) {
			t.refuse(line, name, "", "the column is missing: the file has "+listed(written)+": name it with --map "+name+"=NAME")
		}
	}
	for i, name := range written {
		if !used[i] {
			t.ignored = append(t.ignored, strings.TrimSpace(strings.TrimPrefix(name, hiddenMark)))
		}
	}
	return h, t.Len() == before
}

// chosen finds the columns that were named for a field, before another can take them.
func (t *table) chosen(written, plain []string, used []bool, line int) map[string]int {
	found := make(map[string]int)
	for what, name := range t.wanted {
		at := slices.IndexFunc(written, func(s string) bool { return strings.TrimSpace(s) == strings.TrimSpace(name) })
		if at < 0 {
			at = slices.Index(plain, plainName(name))
		}
		if found[what] = at; at < 0 {
			t.refuse(line, what, bar.Clip(name), "there is no such column: the file has "+listed(written))
			continue
		}
		used[at] = true
	}
	return found
}

// columnsShown is how many columns a message names.
const columnsShown = 12

// listed names the columns that a file has.
func listed(written []string) string {
	var quoted []string
	for _, name := range written[:min(len(written), columnsShown)] {
		quoted = append(quoted, strconv.Quote(bar.Clip(strings.TrimSpace(name))))
	}
	text := strings.Join(quoted, ", ")
	if n := len(written) - columnsShown; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
