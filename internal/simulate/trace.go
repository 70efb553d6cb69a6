package simulate

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ReadTrace reads a file of requests, gzip where its name ends in ".gz". The
// beginning of its name says what is in it:
//
//	arc-*           "start count ignored ignored" a line: count keys from start on
//	weighted-*.csv  "version,time,op,size,lbn" under a header: key lbn, of size bytes
//	lirs-* or else  one decimal key a line, or "*", a mark between parts of it
//
// A file of another form is an error that names the line. A request of a trace without sizes has size 1.
func ReadTrace(path string) (requests []Request, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading trace: %w", err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("reading trace %s: %w", path, err)
		}
	}
	name, parse := filepath.Base(path), parseKey
	switch {
	case strings.HasPrefix(name, "arc-"):
		parse = parseRange
	case strings.HasPrefix(name, "weighted-"):
		parse = parseWeighted
	}
	lines, n := bufio.NewScanner(r), 1
	for ; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line == "*" || n == 1 && strings.HasPrefix(line, "version,") {
			continue
		}
		if requests, err = parse(requests, line); err != nil {
			return nil, fmt.Errorf("reading trace %s: line %d, %q: %w", path, n, line, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading trace %s: line %d: %w", path, n, err)
	}
	return requests, nil
}

// maxRun is how many keys one line may stand for: more than any trace has, and
// few enough that a slip in a file does not fill the memory.
const maxRun = 1 << 20

func parseKey(requests []Request, line string) ([]Request, error) {
	key, err := strconv.ParseUint(line, 10, 64)
	return append(requests, Request{key, 1}), err
}

func parseRange(requests []Request, line string) ([]Request, error) {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return nil, fmt.Errorf("want at least 2 fields, start and count")
	}
	start, err := strconv.ParseUint(fields[0], 10, 64)
	if err != nil {
		return nil, err
	}
	count, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return nil, err
	}
	if count > maxRun || start+count < start {
		return nil, fmt.Errorf("want at most %d keys a line, and none beyond 2^64-1", maxRun)
	}
	for i := range count {
		requests = append(requests, Request{start + i, 1})
	}
	return requests, nil
}

func parseWeighted(requests []Request, line string) ([]Request, error) {
	fields := strings.Split(line, ",")
	if len(fields) != 5 {
		return nil, fmt.Errorf("want 5 fields, version, time, op, size and lbn")
	}
	size, err := strconv.ParseInt(fields[3], 10, 64)
	if err != nil {
		return nil, err
	}
	if size < 1 {
		return nil, fmt.Errorf("want a size of at least 1")
	}
	key, err := strconv.ParseUint(fields[4], 10, 64)
	return append(requests, Request{key, size}), err
}
