package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/bmadventure/optcache/cachekit/market"
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
	b = append(b, "\"],\n\"symbols\":[\n"...)
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
	b = appendTime(append(b, `,"first":"`...), m.frequency, p.first)
	b = appendTime(append(b, `","last":"`...), m.frequency, p.last)
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
	s := manifestScanner{rest: text}
	s.header()
	s.symbols()
	s.parts()
	s.literal("\n}\n")
	if s.err == nil && len(s.rest) > 0 {
		s.fail("the end of the file")
	}
	if s.err == nil {
		s.check()
	}
	if s.err != nil {
		line := 1 + strings.Count(string(text[:len(text)-len(s.rest)]), "\n")
		return nil, fmt.Errorf("line %d: %w", line, s.err)
	}
	return &s.m, nil
}

// A manifestScanner reads a manifest from front to back; after the first error
// it reads nothing more.
type manifestScanner struct {
	rest []byte
	m    manifest
	err  error
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
	text := string(s.until(stop, 20))
	n, err := strconv.ParseUint(text, 10, 64)
	if s.err == nil && (err != nil || text != strconv.FormatUint(n, 10)) {
		s.fail("a number")
	}
	return n
}

// text consumes a string, with its escapes and the closing quote.
func (s *manifestScanner) text() string {
	var b []byte
	for s.err == nil && len(b) <= maxSymbol {
		if len(s.rest) == 0 {
			s.fail("the end of a string")
			break
		}
		c := s.rest[0]
		s.rest = s.rest[1:]
		switch c {
		case '"':
			return string(b)
		case '\\':
			if len(s.rest) == 0 || (s.rest[0] != '"' && s.rest[0] != '\\') {
				s.fail(`\" or \\`)
				return ""
			}
			c = s.rest[0]
			s.rest = s.rest[1:]
		}
		b = append(b, c)
	}
	s.fail("a shorter symbol")
	return ""
}

func (s *manifestScanner) header() {
	s.literal("{\n\"format\":\"" + manifestFormat + "\",\n\"frequency\":\"")
	f, err := market.ParseFrequency(string(s.until('"', 10)))
	if err != nil {
		s.fail("daily or minute")
	}
	name, _, _ := timeColumn(f)
	s.literal(",\n\"columns\":[\"" + name + `"`)
	for i, field := range fieldNames {
		if s.accept(`,"` + field + `"`) {
			s.m.fields |= 1 << i
		}
	}
	if !s.m.fields.Has(OHLCV) {
		s.fail("the columns " + OHLCV.String())
	}
	s.m.frequency = f
	s.literal("],\n")
}

func (s *manifestScanner) symbols() {
	s.literal("\"symbols\":[\n")
	for s.err == nil {
		s.literal(`{"symbol":"`)
		a := newAsset(s.text())
		if n := len(s.m.assets); n > 0 && s.m.assets[n-1].Symbol >= a.Symbol || checkSymbol(a.Symbol) != "" {
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
	var names []string // partition of each part
	asset := -1
	for s.err == nil {
		s.literal(`{"symbol":"`)
		symbol := s.text()
		if asset < 0 || s.m.assets[asset].Symbol != symbol {
			asset++
			s.m.starts = append(s.m.starts, len(s.m.parts))
		}
		if s.err == nil && (asset >= len(s.m.assets) || s.m.assets[asset].Symbol != symbol) {
			s.fail("the next symbol")
		}
		p, name := s.part()
		if s.err == nil && len(s.m.parts) > s.m.starts[asset] && names[len(names)-1] >= name {
			s.fail("partitions in ascending order")
		}
		s.m.parts, names = append(s.m.parts, p), append(names, name)
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
		s.m.place(names)
	}
}

// part consumes a line of the partitions after its symbol.
func (s *manifestScanner) part() (p part, name string) {
	s.literal(`,"partition":"`)
	name = string(s.until('"', 10))
	s.literal(`,"rows":`)
	rows := s.number(',')
	if rows == 0 || rows > maxRows {
		s.fail(fmt.Sprintf("1 to %d rows", maxRows))
	}
	s.literal(`"first":"`)
	p = part{rows: int(rows), first: s.time()}
	s.literal(`,"last":"`)
	p.last = s.time()
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
	return p, name
}

// time consumes a time and the closing quote.
func (s *manifestScanner) time() int64 {
	text := string(s.until('"', len(time.RFC3339Nano)))
	at, err := time.Parse(timeLayout(s.m.frequency), text)
	nanos, inRange := unixNano(at.UTC())
	if s.err == nil && (err != nil || !inRange || formatTime(s.m.frequency, nanos) != text) {
		s.fail("a time")
	}
	return nanos
}

// check verifies what is not visible from one line alone.
func (s *manifestScanner) check() {
	for _, p := range s.m.parts {
		name, end := partitionOf(s.m.frequency, p.first)
		if s.m.partitions[p.partition] != name || p.last < p.first || p.last >= end || (p.first == p.last) != (p.rows == 1) {
			s.fail("first and last times that fit the partition " + name)
			return
		}
	}
	if _, _, found := sameID(s.m.assets); found {
		s.fail("an id for each symbol")
	}
}

// place fills in partitions, groups and the position of every part in the
// files, from the name of the partition of each part.
func (m *manifest) place(names []string) {
	m.partitions = slices.Clone(names)
	slices.Sort(m.partitions)
	m.partitions = slices.Clone(slices.Compact(m.partitions))
	index := make(map[string]int, len(m.partitions))
	for i, name := range m.partitions {
		m.partitions[i] = strings.Clone(name)
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
