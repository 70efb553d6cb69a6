package trials

import (
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/bundle"
)

// rules are the methods of a strategy that does nothing, for the strategies below to embed.
type rules struct{ CostBps float64 }

func (rules) Name() string                                    { return "idle/1" }
func (rules) Validate() error                                 { return nil }
func (r rules) Cost() float64                                 { return r.CostBps }
func (rules) Series(dst []backtest.Series) []backtest.Series  { return dst }
func (rules) Decide(b *backtest.BarData, w *backtest.Signals) {}

type (
	days int
	mode string
	band struct {
		Low  float64 `optcache:"0.1:0.3:0.1"`
		High float64 `optcache:"log 0.5:8:5"`
	}
	hidden struct {
		slow days `optcache:"20|50"`
	}
)

// whole has a parameter of every kind that there is, in every place.
type whole struct {
	rules
	hidden
	Exit    band
	Average mode `optcache:"sma|highest"`
	Short   bool `optcache:"false|true"`
	fast    int  `optcache:"5:15:5"`
	Note    int  `optcache:"-"`
	Free    [2]int
	Parent  *rules
}

func (s whole) WithCost(bps float64) whole { s.CostBps = bps; return s }
func (s whole) Valid() bool                { return s.fast < int(s.slow) && s.Exit.Low < s.Exit.High }
func (whole) Rule() string                 { return "fast < slow,\nlow < high" }

func (s whole) Series(dst []backtest.Series) []backtest.Series {
	if s.Average == "highest" {
		return append(dst, backtest.Series{Indicator: backtest.Highest, Length: s.fast})
	}
	return append(dst, backtest.Series{Indicator: backtest.SMA, Length: s.fast})
}

// Nested, unexported and named fields are parameters; what is read follows the words.
func TestWholeFamily(t *testing.T) {
	f, err := NewFamily[whole]("whole", "")
	if err != nil {
		t.Fatal(err)
	}
	const help = `"slow=20|50" low=0.1:0.3:0.1 "high=log 0.5:8:5" "average=sma|highest" "short=false|true" fast=5:15:5, ` +
		"fast < slow, low < high"
	if f.Help() != help || f.Title != "whole" || f.Rules != "idle/1" {
		t.Errorf("%q, %q, %q", f.Help(), f.Title, f.Rules)
	}
	specs, err := f.specs([]string{"average=highest|sma", "short=true", "low=any 0:1"})
	if err != nil {
		t.Fatal(err)
	}
	space, err := f.Space(specs)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.Fields(space), bundle.Open|bundle.High|bundle.Close; got != want {
		t.Errorf("reads %v, want %v", got, want)
	}
	s, err := f.Point([]string{"slow=50", "low=0.25", "high=2", "average=ema", "short=true", "fast=7"})
	want := whole{hidden: hidden{50}, Exit: band{0.25, 2}, Average: "ema", Short: true, fast: 7}
	if err != nil || s != want {
		t.Errorf("%+v, %v", s, err)
	}
}

// Strategies with a fault each. Their names say which.
type (
	untagged  struct{ rules }
	badNumber struct {
		rules
		Window int `optcache:"5:x:1"`
	}
	backwards struct {
		rules
		Window int `optcache:"9:3"`
	}
	oneValue struct {
		rules
		Window int `optcache:"20"`
	}
	logWhole struct {
		rules
		Window int `optcache:"log 1:100"`
	}
	anyTag struct {
		rules
		Share float64 `optcache:"any 0:1"`
	}
	logDecade struct {
		rules
		Share float64 `optcache:"log 1:50"`
	}
	wordRange struct {
		rules
		Mode mode `optcache:"1:5"`
	}
	badTruth struct {
		rules
		Short bool `optcache:"yes|no"`
	}
	twice struct {
		rules
		Values int `optcache:"5|5"`
	}
	tooSmall struct {
		rules
		Window int8 `optcache:"1:5"`
	}
	wholeStruct struct {
		rules
		Exit band `optcache:"1:5"`
	}
	sameName struct {
		rules
		Exit band
		Low  float64 `optcache:"1:5"`
	}
	blank struct {
		rules
		_ int `optcache:"1:5"`
	}
	column struct {
		rules
		Sharpe float64 `optcache:"1:5"`
	}
	tooMany struct {
		rules
		A int `optcache:"0:9223372036854775807"`
		B int `optcache:"0:9"`
	}
	embedsPointer struct {
		*rules
		Window int `optcache:"1:5"`
	}
	embedsInterface struct {
		backtest.Strategy
		Window int `optcache:"1:5"`
	}
	behindPointer struct {
		rules
		Exit *band
	}
	arrayOf struct {
		rules
		Exits [2]band
	}
	loop struct {
		rules
		Window int `optcache:"1:5"`
		Next   *loop
	}
	ofLength  [2]int
	behind    struct{ untagged }
	noneValid struct {
		rules
		Fast int `optcache:"50:60"`
		Slow int `optcache:"5:20"`
	}
	otherValid struct {
		rules
		Window int `optcache:"1:5"`
	}
	pointerRule struct {
		rules
		Window int `optcache:"1:5"`
	}
	loneRule struct {
		rules
		Window int `optcache:"1:5"`
	}
	panicky struct {
		rules
		Window int `optcache:"1:5"`
	}
	noName struct {
		rules
		Window int `optcache:"1:5"`
	}
	noCost struct {
		rules
		Window int `optcache:"1:5"`
	}
	forgetful struct {
		rules
		Window int `optcache:"1:5"`
	}
	contract interface {
		backtest.Strategy
		WithCost(float64) contract
	}
)

func (s untagged) WithCost(bps float64) untagged               { return s }
func (s badNumber) WithCost(bps float64) badNumber             { return s }
func (s backwards) WithCost(bps float64) backwards             { return s }
func (s oneValue) WithCost(bps float64) oneValue               { return s }
func (s logWhole) WithCost(bps float64) logWhole               { return s }
func (s anyTag) WithCost(bps float64) anyTag                   { return s }
func (s logDecade) WithCost(bps float64) logDecade             { return s }
func (s wordRange) WithCost(bps float64) wordRange             { return s }
func (s badTruth) WithCost(bps float64) badTruth               { return s }
func (s twice) WithCost(bps float64) twice                     { return s }
func (s tooSmall) WithCost(bps float64) tooSmall               { return s }
func (s wholeStruct) WithCost(bps float64) wholeStruct         { return s }
func (s sameName) WithCost(bps float64) sameName               { return s }
func (s blank) WithCost(bps float64) blank                     { return s }
func (s column) WithCost(bps float64) column                   { return s }
func (s tooMany) WithCost(bps float64) tooMany                 { return s }
func (s embedsPointer) WithCost(bps float64) embedsPointer     { return s }
func (s embedsInterface) WithCost(bps float64) embedsInterface { return s }
func (s behindPointer) WithCost(bps float64) behindPointer     { return s }
func (s arrayOf) WithCost(bps float64) arrayOf                 { return s }
func (s loop) WithCost(bps float64) loop                       { return s }
func (s noneValid) WithCost(bps float64) noneValid             { return s }
func (s otherValid) WithCost(bps float64) otherValid           { return s }
func (s pointerRule) WithCost(bps float64) pointerRule         { return s }
func (s loneRule) WithCost(bps float64) loneRule               { return s }
func (s panicky) WithCost(bps float64) panicky                 { return s }
func (s noName) WithCost(bps float64) noName                   { return s }
func (s noCost) WithCost(bps float64) noCost                   { return s }
func (s forgetful) WithCost(bps float64) forgetful             { return forgetful{rules: rules{bps}} }
func (s *behind) WithCost(bps float64) *behind                 { return s }

func (ofLength) Name() string                                    { return "length/1" }
func (ofLength) Validate() error                                 { return nil }
func (ofLength) Cost() float64                                   { return 0 }
func (ofLength) Series(dst []backtest.Series) []backtest.Series  { return dst }
func (ofLength) Decide(b *backtest.BarData, w *backtest.Signals) {}
func (s ofLength) WithCost(bps float64) ofLength                 { return s }

func (s noneValid) Valid() bool   { return s.Fast < s.Slow }
func (otherValid) Valid() error   { return nil }
func (pointerRule) Valid() bool   { return true }
func (*pointerRule) Rule() string { return "window > 0" }
func (loneRule) Rule() string     { return "window > 0" }
func (s panicky) Valid() bool     { return 10/(s.Window-1) > 0 }
func (noName) Name() string       { return "/1" }

func faultOf[S Tunable[S]](name string) func() error {
	return func() error { _, err := NewFamily[S](name, "title"); return err }
}

// Every fault is told in one sentence, which names the strategy, the field or the method, and what to do.
func TestStrategyFaults(t *testing.T) {
	for _, c := range []struct {
		fault func() error
		want  []string
	}{
		{faultOf[whole](""), []string{"its name", "such as dip-buyer"}},
		{faultOf[whole]("my dip"), []string{"its name"}},
		{faultOf[whole]("a/b"), []string{"its name"}},
		{faultOf[whole]("--x"), []string{"its name"}},
		{faultOf[whole]("ü"), []string{"its name"}},
		{faultOf[whole]("a,b"), []string{"its name"}},
		{faultOf[untagged]("x"), []string{"trials.untagged has no parameter", "tag a field"}},
		{faultOf[badNumber]("x"), []string{`field Window: the tag "5:x:1"`, `"x" is no whole number`, "such as 5:50:5"}},
		{faultOf[backwards]("x"), []string{"field Window", "LO must not be above HI"}},
		{faultOf[oneValue]("x"), []string{"field Window", "must be from:to:step"}},
		{faultOf[logWhole]("x"), []string{"field Window", `the tag "log 1:100"`, "a log axis has fractions: make the field a float64"}},
		{faultOf[anyTag]("x"), []string{"field Share", `unknown word "any"`, "must be log or nothing"}},
		{faultOf[logDecade]("x"), []string{"field Share", "no power of ten", "say how many"}},
		{faultOf[wordRange]("x"), []string{"field Mode", "list the values parted by |"}},
		{faultOf[badTruth]("x"), []string{"field Short", `"yes" must be true or false`, "false|true"}},
		{faultOf[twice]("x"), []string{"field Values", `"5" stands twice`}},
		{faultOf[tooSmall]("x"), []string{"field Window", "and not int8", "one of these types"}},
		{faultOf[wholeStruct]("x"), []string{"field Exit", "and not trials.band"}},
		{faultOf[sameName]("x"), []string{`fields Exit.Low and Low are both the parameter "low"`, "rename one"}},
		{faultOf[blank]("x"), []string{"field _", "name the field"}},
		{faultOf[column]("x"), []string{"field Sharpe", `a column "sharpe" of their own`, "rename"}},
		{faultOf[tooMany]("x"), []string{"2^63 cells", "take fewer values"}},
		{faultOf[embedsPointer]("x"), []string{"field rules is an embedded pointer", "embed the struct"}},
		{faultOf[embedsInterface]("x"), []string{"field Strategy is an embedded interface", "embed a struct"}},
		{faultOf[behindPointer]("x"), []string{"field Exit", "behind *trials.band", "a field of its own"}},
		{faultOf[arrayOf]("x"), []string{"field Exits", "behind [2]trials.band"}},
		{faultOf[loop]("x"), []string{"field Next", "behind *trials.loop"}},
		{faultOf[ofLength]("x"), []string{"trials.ofLength is no struct", "make it one"}},
		{faultOf[*behind]("x"), []string{"*trials.behind is a pointer", "give the struct itself"}},
		{faultOf[contract]("x"), []string{"trials.contract is no struct"}},
		{faultOf[noneValid]("x"), []string{"method Valid keeps none of the 176 combinations", "widen the tags of Fast, Slow"}},
		{faultOf[otherValid]("x"), []string{"func (trials.otherValid) Valid() bool", "give it this one"}},
		{faultOf[pointerRule]("x"), []string{"func (trials.pointerRule) Rule() string", "give it this one"}},
		{faultOf[loneRule]("x"), []string{"method Rule", "add Valid() bool"}},
		{faultOf[panicky]("x"), []string{"method Valid panics", "divide by zero", "pure function"}},
		{faultOf[noName]("x"), []string{`method Name returns "/1"`, `such as "x/1"`}},
		{faultOf[noCost]("x"), []string{"method Cost returns 0 after WithCost(7)", "let WithCost return"}},
		{faultOf[forgetful]("x"), []string{"method WithCost changes the field Window from 1 to 0", "the cost alone"}},
	} {
		err := c.fault()
		if err == nil {
			t.Errorf("%q is not refused", c.want)
			continue
		}
		if !strings.HasPrefix(err.Error(), `strategy "`) || strings.ContainsAny(err.Error(), "\n") {
			t.Errorf("%q is no sentence about a strategy", err)
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not tell %q", err, want)
			}
		}
	}
}

type rare struct {
	rules
	A int `optcache:"0:999999"`
	B int `optcache:"0:999999"`
}

func (s rare) WithCost(bps float64) rare { s.CostBps = bps; return s }
func (s rare) Valid() bool               { return s.A == s.B && s.A == 123_456 }

// Where the combinations are too many to look at, one that keeps the rule may be among them.
func TestRareStrategyIsTaken(t *testing.T) {
	if _, err := NewFamily[rare]("rare", ""); err != nil {
		t.Error(err)
	}
}
