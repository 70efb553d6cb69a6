package directive

import "strings"

// An Axis is the tag of a parameter: which values it may take.
type Axis struct {
	Log      bool     // the values are evenly spread in the logarithm
	Range    bool     // Lo to Hi; else one of Values
	Lo, Hi   string   // as written
	Step     string   // of a range: the step or, where Log, the number of values; "" without
	Values   []string // as written
	Excluded bool     // the field is no parameter and does not change results
}

// ParseAxis returns what a tag says:
//
//	5:50:5           from 5 to 50 in steps of 5
//	5:50             from 5 to 50 in steps of 1
//	log 1e-4:1e-1    1e-4, 1e-3, 1e-2, 1e-1: one value a decade
//	log 1e-4:1e-1:7  seven values from 1e-4 to 1e-1
//	sma|ema          one of these
//	-                no parameter, and no part of the key
//
// Columns of the fault count from the tag's first byte.
func ParseAxis(tag string) (*Axis, *Fault) {
	switch {
	case tag == "-":
		return &Axis{Excluded: true}, nil
	case strings.Contains(tag, "|"):
		return parseChoice(tag)
	}
	a := &Axis{Range: true}
	rest, at := tag, 0
	if word, after, ok := strings.Cut(tag, " "); ok {
		if word != "log" {
			return nil, fault(0, "unknown word %q in the tag%s: must be log or nothing", word, Suggest(word, []string{"log"}))
		}
		a.Log, rest, at = true, after, len(word)+1
	}
	parts := strings.Split(rest, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return nil, fault(at, "%q is no axis: must be from:to:step, log from:to, or values parted by |", tag)
	}
	for i, part := range parts {
		parts[i] = strings.TrimSpace(part)
		if parts[i] == "" {
			return nil, fault(at, "a number is missing in %q: must be from:to or from:to:step", rest)
		}
		at += len(part) + 1
	}
	a.Lo, a.Hi = parts[0], parts[1]
	if len(parts) == 3 {
		a.Step = parts[2]
	}
	return a, nil
}

// parseChoice parses values parted by |.
func parseChoice(tag string) (*Axis, *Fault) {
	a, at := new(Axis), 0
	for value := range strings.SplitSeq(tag, "|") {
		trimmed := strings.TrimSpace(value)
		switch {
		case trimmed == "":
			return nil, fault(at, "a value is missing in %q", tag)
		case contains(a.Values, trimmed):
			return nil, fault(at, "%q stands twice in %q", trimmed, tag)
		}
		a.Values = append(a.Values, trimmed)
		at += len(value) + 1
	}
	return a, nil
}
