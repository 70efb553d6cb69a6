package walkforward

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/bmadventure/optcache/cachekit/backtest"
	"github.com/bmadventure/optcache/cachekit/command/internal/output"
	"github.com/bmadventure/optcache/cachekit/command/internal/trials"
)

// A Report is what a walk-forward found, in the shape of its JSON. What depends on the course of the run, such as
// how much of it was recorded before, is in run.json alone.
type Report struct {
	Bundle      output.Bundle      `json:"bundle"`
	Strategy    string             `json:"strategy"`
	Params      []trials.AxisSpec  `json:"params"`
	CostBps     float64            `json:"cost_bps"`
	Search      string             `json:"search"`
	Seed        uint64             `json:"seed"`
	Trials      int                `json:"trials"` // of each fold
	Objective   string             `json:"objective"`
	Minimize    bool               `json:"minimize"`
	Workers     int                `json:"workers"`
	WindowsAll  int                `json:"windows_all"` // of all folds, those of equal sessions once
	Sessions    int                `json:"sessions"`
	Warmup      int                `json:"warmup"` // bars
	Windows     windowsReport      `json:"windows"`
	Folds       []foldReport       `json:"folds"`
	OutOfSample output.Performance `json:"out_of_sample"`
	Efficiency  output.Number      `json:"efficiency"` // annual return of the tests over that of training; "NaN" if training made no profit
	Stability   []stabilityReport  `json:"stability"`
	Equity      []pointReport      `json:"equity"` // of the account that traded all tests in turn

	title, trials string
	seconds       float64
	ran           int // backtests of this call, of one set of parameters over one window each
	recorded      int // taken from the journal of --out instead
	windowsRan    int // that a backtest of this call ran over
}

// windowsReport is in sessions.
type windowsReport struct {
	Train      int  `json:"train"`
	Validation int  `json:"validation"`
	Test       int  `json:"test"`
	Step       int  `json:"step"`
	Purge      int  `json:"purge"`
	Embargo    int  `json:"embargo"`
	Anchored   bool `json:"anchored"`
	Top        int  `json:"top"`
}

type foldReport struct {
	Fold         int                 `json:"fold"`
	Train        *spanReport         `json:"train"`
	Validation   *spanReport         `json:"validation"` // null: there is none
	Test         *spanReport         `json:"test"`
	Trials       int                 `json:"trials"`
	Failed       int                 `json:"failed"`
	Trial        *int                `json:"trial"` // chosen; null: the fold failed
	Params       output.Params       `json:"params,omitempty"`
	InTrain      *output.Performance `json:"in_train"`
	InValidation *output.Performance `json:"in_validation"`
	InTest       *output.Performance `json:"in_test"`
	Error        string              `json:"error,omitempty"`
}

// A spanReport is a stretch of sessions, both dates included.
type spanReport struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Sessions int    `json:"sessions"`
}

func (s *spanReport) from() string {
	if s == nil {
		return ""
	}
	return s.From
}

func (s *spanReport) to() string {
	if s == nil {
		return ""
	}
	return s.To
}

func (s *spanReport) String() string {
	if s == nil {
		return "-"
	}
	return s.From + " to " + s.To
}

type stabilityReport struct {
	Name      string        `json:"name"`
	Folds     int           `json:"folds"`
	Mean      output.Number `json:"mean"`
	Deviation output.Number `json:"deviation"`
	Variation output.Number `json:"variation"` // deviation over the mean without its sign
	Spread    output.Number `json:"spread"`    // deviation over half the length of the axis
	Mode      any           `json:"mode"`      // chosen most often
	Share     output.Number `json:"share"`     // of the folds that chose it
}

type pointReport struct {
	Time   string        `json:"time"`
	Equity output.Number `json:"equity"`
}

func (r *Report) failed() int {
	n := 0
	for _, f := range r.Folds {
		if f.Error != "" {
			n++
		}
	}
	return n
}

// print writes the report for people.
func (r *Report) print(w io.Writer) {
	r.Bundle.Print(w)
	fmt.Fprintf(w, "walk     %s, in each fold %s, %s, in %s\n", r.title, r.trials, output.Count(r.Workers, "worker"), output.Duration(r.seconds*1e9))
	x := r.Windows
	kind := "rolling"
	if x.Anchored {
		kind = "anchored"
	}
	fmt.Fprintf(w, "ran      %s over %d of %s", output.Count(r.ran, "backtest"), r.windowsRan, output.Count(r.WindowsAll, "window"))
	if r.recorded > 0 {
		fmt.Fprintf(w, "; %s taken from the journal", output.AreResults(r.recorded))
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "windows  %s: train %d, validation %d, test %d, every %d sessions; purge %d, embargo %d; %s of warm-up\n\n",
		kind, x.Train, x.Validation, x.Test, x.Step, x.Purge, x.Embargo, output.Count(r.Warmup, "bar"))
	r.printFolds(w)
	r.printTotal(w)
	r.printStability(w)
	for _, f := range r.Folds {
		if f.Error != "" {
			fmt.Fprintln(w, "failed:", f.Error)
		}
	}
}

func (r *Report) printFolds(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "fold\ttest\t")
	for _, p := range r.Params {
		fmt.Fprintf(t, "%s\t", p.Name)
	}
	name := strings.ReplaceAll(r.Objective, "_", " ")
	fmt.Fprintf(t, "%s in train\tin validation\tin test\treturn in test\t\n", name)
	metric, err := backtest.ParseMetric(r.Objective)
	if err != nil {
		return
	}
	value := func(p *output.Performance, m backtest.Metric) string {
		if p == nil {
			return "-"
		}
		return fmt.Sprintf("%.4f", output.Fixed(backtest.Performance(*p).Value(m)))
	}
	for _, f := range r.Folds {
		fmt.Fprintf(t, "%d\t%v\t", f.Fold, f.Test)
		for i := range r.Params {
			if f.Error != "" {
				fmt.Fprint(t, "-\t")
				continue
			}
			fmt.Fprintf(t, "%s\t", output.Shown(f.Params[i].Value))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\n", value(f.InTrain, metric), value(f.InValidation, metric), value(f.InTest, metric), value(f.InTest, backtest.TotalReturn))
	}
	t.Flush()
	fmt.Fprintln(w)
}

func (r *Report) printTotal(w io.Writer) {
	fmt.Fprintf(w, "out of sample, the tests in turn as one account: %s\n", output.Count(r.OutOfSample.Bars, "bar"))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for m := range (backtest.Metrics{}).All() {
		if !m.NeedsTrades() {
			fmt.Fprintf(t, "%s\t", strings.ReplaceAll(m.String(), "_", " "))
		}
	}
	fmt.Fprintln(t, "efficiency\t")
	for m := range (backtest.Metrics{}).All() {
		if !m.NeedsTrades() {
			fmt.Fprintf(t, "%.4f\t", output.Fixed(backtest.Performance(r.OutOfSample).Value(m)))
		}
	}
	fmt.Fprintf(t, "%.4f\t\n", output.Fixed(r.Efficiency))
	t.Flush()
	fmt.Fprintln(w)
}

func (r *Report) printStability(w io.Writer) {
	fmt.Fprintln(w, "how much the choice moved from fold to fold")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "parameter\tfolds\tmean\tdeviation\tspread\tmost often\tshare\t")
	for _, s := range r.Stability {
		fmt.Fprintf(t, "%s\t%d\t%.4g\t%.4g\t%.4f\t%s\t%.2f\t\n", s.Name, s.Folds, output.Fixed(s.Mean), output.Fixed(s.Deviation), output.Fixed(s.Spread), output.Shown(s.Mode), output.Fixed(s.Share))
	}
	t.Flush()
}
