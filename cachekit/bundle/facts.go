package bundle

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
)

// Facts are what a version says of its bars as a whole. They are in its manifest, so that equal bars with other facts
// are another version.
type Facts struct {
	Frequency market.Frequency

	// TimeZone is the IANA name of the zone that the sessions are in, such as America/New_York; "" for UTC or a zone
	// that is not known.
	TimeZone string

	// Session is when a session that is not a date opens and closes, as the clocks of TimeZone show it: 18:00-17:00.
	// "" says that sessions are the dates of TimeZone.
	Session string

	// Notes are what was done to the data on its way in, by kind and symbol. See [Note].
	Notes []Note
}

// A Note says of one asset, or of all if Symbol is empty, what was done to its data, and how often. A version has one
// note for each kind and symbol: those that say the same are added up when they are written. If there are more than
// 1,000 then all of a kind become one without a symbol.
type Note struct {
	Kind    string // a word or a few, such as "row skipped": at most 100 bytes
	Symbol  string
	Count   int    // at least 1
	Example string // one of them, for people; clipped to 60 bytes
}

// NoteSkippedAsset is the kind of note on an asset that was left out for a price of zero or below.
const NoteSkippedAsset = "asset left out for a price of zero or below"

// Bounds of the notes of a version, so that a manifest stays as small as its bars let it be.
const (
	maxNotes = 1000
	maxCount = math.MaxInt64 / 10
)

// Facts returns what the version says of its bars. The notes must not be written to.
func (b *Bundle) Facts() Facts { return b.manifest.facts() }

func (m *manifest) facts() Facts {
	return Facts{Frequency: m.frequency, TimeZone: m.timeZone, Session: m.session, Notes: m.notes}
}

// canonical returns f as a manifest holds it, and adds to p what is wrong with it.
func (f Facts) canonical(p *problems) Facts {
	if !f.Frequency.Valid() {
		p.Add(Problem{Value: f.Frequency.String(),
			Message: "it is no frequency: give market.Daily to market.Yearly, or a span shorter than a day"})
	}
	if f.TimeZone == "UTC" {
		f.TimeZone = ""
	}
	if f.TimeZone != "" {
		if _, err := time.LoadLocation(f.TimeZone); err != nil || !isZone(f.TimeZone) {
			p.Add(Problem{Column: "timezone", Value: bar.Clip(f.TimeZone),
				Message: "it is no time zone that this system knows: give an IANA name such as America/New_York"})
		}
	}
	if f.Session != "" && !isSession(f.Session) {
		p.Add(Problem{Column: "session", Value: bar.Clip(f.Session),
			Message: `it is not when a session opens and closes: write 18:00-17:00, or "" for sessions that are dates`})
	}
	f.Notes = canonicalNotes(f.Notes, p)
	return f
}

// isZone reports whether a manifest may hold name. Whether there is such a zone depends on the system, and what a
// manifest may hold must not.
func isZone(name string) bool {
	return name != "UTC" && name != "Local" && bar.CheckSymbol(name) == "" && !strings.ContainsAny(name, ` "\`)
}

// isSession reports whether text is two times of day that are not a date from midnight to midnight.
func isSession(text string) bool {
	opens, closes, ok := strings.Cut(text, "-")
	return ok && isClock(opens) && isClock(closes) && text != "00:00-00:00"
}

func isClock(text string) bool {
	_, err := time.Parse("15:04", text)
	return err == nil && len(text) == len("15:04")
}

// canonicalNotes returns notes in order, one for each kind and symbol, and not too many.
func canonicalNotes(notes []Note, p *problems) []Note {
	all := make([]Note, 0, len(notes))
	for _, n := range notes {
		n.Example = bar.Clip(strings.TrimSpace(plain(n.Example)))
		if wrong := n.check(); wrong != "" {
			p.Add(Problem{File: bar.Clip(n.Symbol), Column: "notes", Value: bar.Clip(n.Kind), Message: wrong})
			continue
		}
		all = append(all, n)
	}
	all = addUp(all)
	if len(all) > maxNotes {
		for i := range all {
			all[i].Symbol = ""
		}
		all = addUp(all)
	}
	if len(all) > maxNotes {
		p.Add(Problem{Column: "notes", Message: fmt.Sprintf("there are %d kinds of notes, but a version has at most %d: "+
			"name what they have in common", len(all), maxNotes)})
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// check says what is wrong with a note, or "".
func (n Note) check() string {
	if wrong := bar.CheckSymbol(n.Kind); wrong != "" {
		return "the kind of the note " + wrong + ": give a word for what was done"
	}
	if wrong := bar.CheckSymbol(n.Symbol); n.Symbol != "" && wrong != "" {
		return "the symbol of the note " + wrong + ": give that of the asset"
	}
	if wrong := bar.CheckSymbol(n.Example); n.Example != "" && wrong != "" {
		return "the example of the note " + wrong + ": give a short text"
	}
	if n.Count < 1 || n.Count > maxCount {
		return "the count of the note is " + strconv.Itoa(n.Count) + ": give how often it was done, 1 at least"
	}
	return ""
}

// addUp sorts notes and adds up those of one kind and symbol, which keep the least of their examples.
func addUp(notes []Note) []Note {
	slices.SortFunc(notes, func(a, b Note) int {
		return cmp.Or(compareNotes(a, b), cmp.Compare(a.Example, b.Example))
	})
	sum := notes[:0]
	for _, n := range notes {
		last := len(sum) - 1
		if last < 0 || compareNotes(sum[last], n) != 0 {
			sum = append(sum, n)
			continue
		}
		sum[last].Count = min(sum[last].Count+n.Count, maxCount)
		if sum[last].Example == "" {
			sum[last].Example = n.Example
		}
	}
	return sum
}

func compareNotes(a, b Note) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Symbol, b.Symbol))
}

// appendFacts appends the members that are not the default.
func (m *manifest) appendFacts(b []byte) []byte {
	if m.timeZone != "" {
		b = append(appendString(append(b, `"timezone":`...), m.timeZone), ",\n"...)
	}
	if m.session != "" {
		b = append(appendString(append(b, `"session":`...), m.session), ",\n"...)
	}
	if len(m.notes) == 0 {
		return b
	}
	b = append(b, "\"notes\":[\n"...)
	for i, n := range m.notes {
		b = appendString(append(b, `{"kind":`...), n.Kind)
		b = appendString(append(b, `,"symbol":`...), n.Symbol)
		b = strconv.AppendInt(append(b, `,"count":`...), int64(n.Count), 10)
		b = append(appendString(append(b, `,"example":`...), n.Example), '}')
		b = appendLineEnd(b, i < len(m.notes)-1)
	}
	return append(b, "],\n"...)
}

// facts consumes what appendFacts appends.
func (s *manifestScanner) facts() {
	if s.accept(`"timezone":"`) {
		if s.m.timeZone = string(s.text()); !isZone(s.m.timeZone) {
			s.fail("a time zone other than UTC")
		}
		s.literal(",\n")
	}
	if s.accept(`"session":"`) {
		if s.m.session = string(s.text()); !isSession(s.m.session) {
			s.fail("a session such as 18:00-17:00")
		}
		s.literal(",\n")
	}
	if s.accept("\"notes\":[\n") {
		s.notes()
	}
}

func (s *manifestScanner) notes() {
	for s.err == nil {
		var n Note
		s.literal(`{"kind":"`)
		n.Kind = string(s.text())
		s.literal(`,"symbol":"`)
		n.Symbol = string(s.text())
		s.literal(`,"count":`)
		n.Count = int(s.number(','))
		s.literal(`"example":"`)
		n.Example = string(s.text())
		s.literal("}")
		if last := len(s.m.notes) - 1; last >= 0 && compareNotes(s.m.notes[last], n) >= 0 || last+1 == maxNotes ||
			n.check() != "" {
			s.fail(fmt.Sprintf("at most %d notes, by kind and symbol", maxNotes))
		}
		s.m.notes = append(s.m.notes, n)
		if !s.accept(",\n") {
			break
		}
	}
	s.literal("\n],\n")
}
