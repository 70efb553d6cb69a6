package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/internal/bar"
	"github.com/bmadventure/optcache/cachekit/market"
	"github.com/bmadventure/optcache/cachekit/rt"
)

const (
	manifestFormat = "optcache-bundle/1"

	// maxRows bounds the bars of one asset in one partition, so that a column
	// of them is always one Parquet page.
	maxRows = 1 << 26

	// maxAssets is how many row groups a Parquet file can have.
	maxAssets = 1<<15 - 1
)

// A manifest says everything about a version but the values themselves.
type manifest struct {
	frequency  market.Frequency
	fields     Fields
	timeZone   string // these three as in Facts
	session    string
	notes      []Note
	assets     []market.Asset // in the order of their symbols
	parts      []part         // asset by asset, each in the order of time
	starts     []int          // asset i has the parts starts[i] to starts[i+1]
	leaves     []leaf         // part i has the leaves i*columns() to (i+1)*columns(): times, then fields
	partitions []string       // ascending; each is one file
	groups     []int          // number of assets, and so of row groups, in each partition
}

// A part is the bars of one asset in one partition.
type part struct {
	partition   int // index into manifest.partitions
	group       int // row group in the file of the partition
	rows        int
	first, last int64
}

// columns returns how many leaves each part has.
func (m *manifest) columns() int { return 1 + bits.OnesCount8(uint8(m.fields)) }

// columnNames returns the names of the columns that have leaves.
func (m *manifest) columnNames() []string {
	name, _, _ := timeColumn(m.frequency)
	return append([]string{name}, m.fields.Names()...)
}

// columnOf returns which leaf of a part belongs to a single field.
func (m *manifest) columnOf(field Fields) int {
	return 1 + bits.OnesCount8(uint8(m.fields&(field-1)))
}

// leaf returns the leaf of one column of a part.
func (m *manifest) leaf(part, column int) *leaf { return &m.leaves[part*m.columns()+column] }

// partsOf returns the index of the first part of an asset and its parts.
func (m *manifest) partsOf(asset int) (int, []part) {
	return m.starts[asset], m.parts[m.starts[asset]:m.starts[asset+1]]
}

// owner returns the position of the asset that a part belongs to.
func (m *manifest) owner(part int) int { return sort.SearchInts(m.starts, part+1) - 1 }

// find returns the position of the asset with that symbol.
func (m *manifest) find(symbol string) (int, bool) {
	return slices.BinarySearchFunc(m.assets, symbol, func(a market.Asset, s string) int {
		return strings.Compare(a.Symbol, s)
	})
}

// rows returns the number of bars of an asset.
func (m *manifest) rows(asset int) int {
	n := 0
	_, parts := m.partsOf(asset)
	for _, p := range parts {
		n += p.rows
	}
	return n
}

// encode returns the canonical bytes of m, whose SHA-256 is the version.
func (m *manifest) encode() []byte {
	b := make([]byte, 0, 200+64*len(m.assets)+(120+67*m.columns())*len(m.parts))
	b = append(b, "{\n\"format\":\""+manifestFormat+"\",\n\"frequency\":\""+m.frequency.String()+"\",\n\"columns\":[\""...)
	b = append(b, strings.Join(m.columnNames(), `","`)...)
	b = m.appendFacts(append(b, "\"],\n"...))
	b = append(b, "\"symbols\":[\n"...)
	for i, a := range m.assets {
		b = append(appendString(append(b, `{"symbol":`...), a.Symbol), `,"id":`...)
		b = append(strconv.AppendUint(b, a.ID, 10), '}')
		b = appendLineEnd(b, i < len(m.assets)-1)
	}
	b = append(b, "],\n\"partitions\":[\n"...)
	for i := range m.assets {
		start, parts := m.partsOf(i)
		for j, p := range parts {
			b = m.appendPart(b, m.assets[i].Symbol, p, start+j)
			b = appendLineEnd(b, start+j < len(m.parts)-1)
		}
	}
	return append(b, "]\n}\n"...)
}

func (m *manifest) appendPart(b []byte, symbol string, p part, at int) []byte {
	b = appendString(append(b, `{"symbol":`...), symbol)
	b = append(append(b, `,"partition":"`...), m.partitions[p.partition]...)
	b = strconv.AppendInt(append(b, `","rows":`...), int64(p.rows), 10)
	b = bar.AppendTime(append(b, `,"first":"`...), m.frequency, p.first)
	b = bar.AppendTime(append(b, `","last":"`...), m.frequency, p.last)
	b = append(b, `","leaves":[`...)
	for c := range m.columns() {
		if c > 0 {
			b = append(b, ',')
		}
		b = append(hex.AppendEncode(append(b, '"'), m.leaf(at, c)[:]), '"')
	}
	return append(b, "]}"...)
}

func appendLineEnd(b []byte, more bool) []byte {
	if more {
		b = append(b, ',')
	}
	return append(b, '\n')
}

// appendString appends s as JSON. Symbols are printable, so nothing but the
// quote and the backslash needs an escape.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// parseManifest is the inverse of encode: it accepts what encode writes and
// nothing else, so that one content has one manifest and one version.
func parseManifest(text []byte) (*manifest, error) {
	s := manifestScanner{rest: text, moments: make(map[string]moment)}
	s.header()
	s.facts()
	s.symbols()
	s.parts()
	s.literal("\n}\n")
	if s.err == nil && len(s.rest) > 0 {
		s.fail("the end of the file")
	}
	if _, _, found := sameID(s.m.assets); found {
		s.fail("an id for each symbol")
	}
	if s.err != nil {
		line := 1 + strings.Count(string(text[:len(text)-len(s.rest)]), "\n")
		return nil, fmt.Errorf("line %d: %w", line, s.err)
	}
	return &s.m, nil
}

// A manifestScanner reads a manifest from front to back; after the first error
// it reads nothing more. It allocates next to nothing for each line: a trial
// without a cache reads the manifest anew.
type manifestScanner struct {
	rest    []byte
	m       manifest
	err     error
	scratch []byte
	moments map[string]moment // by how they are written; most assets have the same few
	names   []string          // partition of each part
}

// A moment is a time that a manifest holds, with the partition it is in.
type moment struct {
	nanos     int64
	partition string
	end       int64 // of the partition
}

func (s *manifestScanner) fail(want string) {
	if s.err == nil {
		s.err = errors.New("expected " + want)
	}
}

// literal consumes want.
func (s *manifestScanner) literal(want string) {
	if s.err == nil && !s.accept(want) {
		s.fail(strconv.Quote(want))
	}
}

// accept consumes want if it is next.
func (s *manifestScanner) accept(want string) bool {
	if s.err != nil || len(s.rest) < len(want) || string(s.rest[:len(want)]) != want {
		return false
	}
	s.rest = s.rest[len(want):]
	return true
}

// until consumes the bytes before stop, and stop.
func (s *manifestScanner) until(stop byte, most int) []byte {
	if s.err != nil {
		return nil
	}
	for i, c := range s.rest[:min(len(s.rest), most+1)] {
		if c == stop {
			text := s.rest[:i]
			s.rest = s.rest[i+1:]
			return text
		}
	}
	s.fail(fmt.Sprintf("%q within %d bytes", stop, most))
	return nil
}

// number consumes a canonical decimal number and the byte that ends it.
func (s *manifestScanner) number(stop byte) uint64 {
	text := s.until(stop, 19) // digits that always fit 64 bits
	n := uint64(0)
	for _, c := range text {
		if c < '0' || c > '9' {
			s.fail("a number")
			return 0
		}
		n = 10*n + uint64(c-'0')
	}
	if len(text) == 0 || text[0] == '0' && len(text) > 1 {
		s.fail("a number")
	}
	return n
}

// text consumes a string, with its escapes and the closing quote. What it
// returns is good until the next call.
func (s *manifestScanner) text() []byte {
	b := s.scratch[:0]
	for s.err == nil && len(b) <= bar.MaxSymbol {
		if len(s.rest) == 0 {
			break
		}
		c := s.rest[0]
		s.rest = s.rest[1:]
		if c == '"' {
			s.scratch = b
			return b
		}
		if c == '\\' {
			if len(s.rest) == 0 || (s.rest[0] != '"' && s.rest[0] != '\\') {
				s.fail(`\" or \\`)
				return nil
			}
			c = s.rest[0]
			s.rest = s.rest[1:]
		}
		b = append(b, c)
	}
	s.fail(fmt.Sprintf("a symbol of at most %d bytes", bar.MaxSymbol))
	return nil
}

func (s *manifestScanner) header() {
	s.literal("{\n\"format\":\"" + manifestFormat + "\",\n\"frequency\":\"")
	text := string(s.until('"', 20))
	f, err := market.ParseFrequency(text)
	if err != nil || f.String() != text {
		s.fail("a frequency")
	}
	name, _, _ := timeColumn(f)
	s.literal(",\n\"columns\":[\"" + name + `"`)
	for i, field := range bar.Names {
		if s.accept(`,"` + field + `"`) {
			s.m.fields |= 1 << i
		}
	}
	if !s.m.fields.Has(OHLC) {
		s.fail("the columns " + OHLC.String())
	}
	s.m.frequency = f
	s.literal("],\n")
}

func (s *manifestScanner) symbols() {
	s.literal("\"symbols\":[\n")
	for s.err == nil {
		s.literal(`{"symbol":"`)
		a := newAsset(string(s.text()))
		if n := len(s.m.assets); n > 0 && s.m.assets[n-1].Symbol >= a.Symbol || bar.CheckSymbol(a.Symbol) != "" {
			s.fail("symbols in ascending order")
		}
		s.literal(`,"id":`)
		if s.number('}') != a.ID {
			s.fail("the id of " + strconv.Quote(a.Symbol))
		}
		s.m.assets = append(s.m.assets, a)
		if !s.accept(",\n") {
			break
		}
	}
	s.literal("\n],\n")
}

func (s *manifestScanner) parts() {
	s.literal("\"partitions\":[\n")
	lines := min(bytes.Count(s.rest, []byte("\n")), len(s.rest)/(2*len(leaf{})*s.m.columns())) // no more parts than that
	s.m.parts, s.names = make([]part, 0, lines), make([]string, 0, lines)
	s.m.leaves = make([]leaf, 0, lines*s.m.columns())
	asset := -1
	for s.err == nil {
		s.literal(`{"symbol":"`)
		symbol := s.text()
		if asset < 0 || s.m.assets[asset].Symbol != string(symbol) {
			asset++
			s.m.starts = append(s.m.starts, len(s.m.parts))
		}
		if s.err == nil && (asset >= len(s.m.assets) || s.m.assets[asset].Symbol != string(symbol)) {
			s.fail("the next symbol")
		}
		first := s.err == nil && len(s.m.parts) == s.m.starts[asset]
		s.part()
		if n := len(s.names); s.err == nil && !first && s.names[n-2] >= s.names[n-1] {
			s.fail("partitions in ascending order")
		}
		if !s.accept(",\n") {
			break
		}
	}
	s.literal("\n]")
	if s.err == nil && asset != len(s.m.assets)-1 {
		s.fail("a partition of every symbol")
	}
	s.m.starts = append(s.m.starts, len(s.m.parts))
	if s.err == nil {
		s.m.place(s.names)
	}
}

// part consumes a line of the partitions after its symbol.
func (s *manifestScanner) part() {
	s.literal(`,"partition":"`)
	name := s.until('"', 10)
	s.literal(`,"rows":`)
	rows := s.number(',')
	if rows == 0 || rows > maxRows {
		s.fail(fmt.Sprintf("1 to %d rows", maxRows))
	}
	s.literal(`"first":"`)
	first := s.time()
	s.literal(`,"last":"`)
	last := s.time()
	s.literal(`,"leaves":[`)
	for c := range s.m.columns() {
		if c > 0 {
			s.literal(",")
		}
		s.literal(`"`)
		var l leaf
		if text := s.until('"', 2*len(l)); !decodeHex(l[:], text) {
			s.fail("64 hexadecimal digits")
		}
		s.m.leaves = append(s.m.leaves, l)
	}
	s.literal("]}")
	if s.err == nil && (string(name) != first.partition || last.nanos < first.nanos || last.nanos >= first.end ||
		(first.nanos == last.nanos) != (rows == 1)) {
		s.fail("first and last times that fit the partition and the rows")
	}
	s.m.parts = append(s.m.parts, part{rows: int(rows), first: first.nanos, last: last.nanos})
	s.names = append(s.names, first.partition)
}

// time consumes a time and the closing quote.
func (s *manifestScanner) time() moment {
	text := s.until('"', len(time.RFC3339Nano))
	if m, ok := s.moments[string(text)]; ok || s.err != nil {
		return m
	}
	at, err := time.Parse(bar.TimeLayout(s.m.frequency), string(text))
	nanos, inRange := rt.UnixNano(at.UTC())
	if err != nil || !inRange || bar.FormatTime(s.m.frequency, nanos) != string(text) {
		s.fail("a time")
		return moment{}
	}
	m := moment{nanos: nanos}
	m.partition, m.end = partitionOf(s.m.frequency, nanos)
	s.moments[string(text)] = m
	return m
}

// place fills in partitions, groups and the position of every part in the
// files, from the name of the partition of each part.
func (m *manifest) place(names []string) {
	index := make(map[string]int)
	for _, name := range names {
		index[name] = 0
	}
	m.partitions = slices.Sorted(maps.Keys(index))
	for i, name := range m.partitions {
		index[name] = i
	}
	m.groups = make([]int, len(m.partitions))
	for i, name := range names {
		at := index[name]
		m.parts[i].partition, m.parts[i].group = at, m.groups[at]
		m.groups[at]++
	}
}

// sameID finds two assets with one ID, which is next to impossible (one in
// 10^11 for 300 symbols) but would make one asset of two.
func sameID(assets []market.Asset) (a, b string, found bool) {
	seen := make(map[uint64]string, len(assets))
	for _, asset := range assets {
		if other, ok := seen[asset.ID]; ok {
			return other, asset.Symbol, true
		}
		seen[asset.ID] = asset.Symbol
	}
	return "", "", false
}

func versionOf(manifest []byte) Version { return sha256.Sum256(manifest) }
