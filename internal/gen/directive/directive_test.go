package directive

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		comment string
		want    string // the arguments, as key=value
		faults  string
	}{
		{"// prose about optcache:list", "", ""},
		{"/* optcache:list */", "", ""},
		{"//optcache:list of=Asset cache=AssetCache", "of=Asset cache=AssetCache", ""},
		{"//optcache:list\tof=Asset\r", "of=Asset", ""},
		{"//optcache:grouped by=A,B order=seen clone", "by=A,B order=seen clone=", ""},
		{"//optcache:params", "", ""},
		{"// optcache:list of=T", "", "0: a directive has no space after //: write //optcache:list"},
		{"//optcache:", "", "0: a directive without a name: must be grouped, list or params"},
		{"//optcache: list of=T", "", "0: a directive without a name: must be grouped, list or params"},
		{"//optcache:lists of=T", "", `0: unknown directive optcache:lists (did you mean "list"?): must be grouped, list or params`},
		{"//optcache:list", "", "0: optcache:list needs of="},
		{"//optcache:list of=", "of=", "16: of has no value: write of=..."},
		{"//optcache:list of=A of=B", "of=A", "21: of is given twice"},
		{"//optcache:list of=A clone=yes", "of=A clone=yes", "21: clone stands alone: write clone without ="},
		{"//optcache:list of=A chache=B", "of=A", `21: unknown argument "chache" of optcache:list (did you mean "cache"?): must be of, by, name, cache or clone`},
		{"//optcache:grouped by=A order=sort", "by=A order=sort", `24: order=sort (did you mean "sorted"?): must be sorted or seen`},
	} {
		d, faults := Parse(test.comment)
		var got []string
		if d != nil {
			for _, a := range d.Args {
				if a.Key == "clone" || a.Value != "" || strings.Contains(test.comment, a.Key+"=") {
					got = append(got, a.Key+"="+a.Value)
				}
			}
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%s: arguments %q, want %q", test.comment, s, test.want)
		}
		if s := text(faults); s != test.faults {
			t.Errorf("%s: faults\n%s\nwant\n%s", test.comment, s, test.faults)
		}
	}
}

func text(faults []*Fault) string {
	var list []string
	for _, f := range faults {
		list = append(list, fmt.Sprintf("%d: %s", f.Column, f.Text))
	}
	return strings.Join(list, "\n")
}

func TestParseAxis(t *testing.T) {
	for tag, want := range map[string]string{
		"5:50:5":          "5 50 5",
		"5:50":            "5 50 ",
		"log 1e-4:1e-1":   "log 1e-4 1e-1 ",
		"log 1e-4:1e-1:7": "log 1e-4 1e-1 7",
		"sma|ema":         "one of sma,ema",
		" a | b ":         "one of a,b",
		"-":               "excluded",
		"":                `"" is no axis: must be from:to:step, log from:to, or values parted by |`,
		"5":               `"5" is no axis: must be from:to:step, log from:to, or values parted by |`,
		"1:2:3:4":         `"1:2:3:4" is no axis: must be from:to:step, log from:to, or values parted by |`,
		"1::2":            `a number is missing in "1::2": must be from:to or from:to:step`,
		"lug 1:2":         `unknown word "lug" in the tag (did you mean "log"?): must be log or nothing`,
		"a||b":            `a value is missing in "a||b"`,
		"a|b|a":           `"a" stands twice in "a|b|a"`,
	} {
		a, fault := ParseAxis(tag)
		got := ""
		switch {
		case fault != nil:
			got = fault.Text
		case a.Excluded:
			got = "excluded"
		case !a.Range:
			got = "one of " + strings.Join(a.Values, ",")
		default:
			if a.Log {
				got = "log "
			}
			got += a.Lo + " " + a.Hi + " " + a.Step
		}
		if got != want {
			t.Errorf("%q: %s, want %s", tag, got, want)
		}
	}
}

// FuzzParse holds that a directive, written out again, parses to the same, and
// that what is wrong has a place within the comment.
func FuzzParse(f *testing.F) {
	f.Add("//optcache:grouped by=Symbol cache=BarsCache order=seen clone")
	f.Add("//optcache:list\tof=Asset\r")
	f.Add("//optcache:pa rams x= =y ==")
	f.Add("// optcache:list")
	f.Fuzz(func(t *testing.T, comment string) {
		d, faults := Parse(comment)
		for _, fault := range faults {
			if fault.Column < 0 || fault.Column > len(comment) || fault.Text == "" {
				t.Fatalf("%q: fault %+v", comment, fault)
			}
		}
		if d == nil || len(faults) > 0 {
			return
		}
		again := Prefix + d.Name
		for _, a := range d.Args {
			if !strings.HasPrefix(comment[a.Column:], a.Key) {
				t.Fatalf("%q: argument %q is not at column %d", comment, a.Key, a.Column)
			}
			again += " " + a.Key
			if a.Key != "clone" {
				again += "=" + a.Value
			}
		}
		e, faults := Parse(again)
		if e == nil || len(faults) > 0 || e.Name != d.Name || len(e.Args) != len(d.Args) {
			t.Fatalf("%q, written as %q, has faults %v", comment, again, faults)
		}
		for i := range e.Args {
			if e.Args[i].Key != d.Args[i].Key || e.Args[i].Value != d.Args[i].Value {
				t.Fatalf("%q: argument %d is %v, then %v", comment, i, d.Args[i], e.Args[i])
			}
		}
	})
}

// FuzzParseAxis holds the same of tags.
func FuzzParseAxis(f *testing.F) {
	for _, tag := range []string{"5:50:5", "log 1e-4:1e-1", "sma|ema", "-", "a b:c", "::", "|"} {
		f.Add(tag)
	}
	f.Fuzz(func(t *testing.T, tag string) {
		a, fault := ParseAxis(tag)
		if (a == nil) == (fault == nil) {
			t.Fatalf("%q: axis %v, fault %v", tag, a, fault)
		}
		if fault != nil {
			if fault.Column < 0 || fault.Column > len(tag) {
				t.Fatalf("%q: fault at %d", tag, fault.Column)
			}
			return
		}
		for _, s := range append(a.Values, a.Lo, a.Hi, a.Step) {
			if s != strings.TrimSpace(s) || utf8.ValidString(tag) && !utf8.ValidString(s) {
				t.Fatalf("%q: part %q", tag, s)
			}
		}
	})
}

func TestSuggest(t *testing.T) {
	for s, want := range map[string]string{"of": ` (did you mean "of"?)`, "oof": ` (did you mean "of"?)`, "cahce": ` (did you mean "cache"?)`, "zzzzzz": "", "": ""} {
		if got := Suggest(s, []string{"of", "cache"}); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
