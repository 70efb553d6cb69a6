package console

import (
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A Progress tells how far a long command came: as a bar on a terminal, as log
// lines elsewhere. It is not for concurrent use.
type Progress struct {
	log   *slog.Logger
	bar   *progressbar.ProgressBar // nil off a terminal
	Phase string
	Unit  string // what a step is
	Base  int    // steps of the phases before
	Done  int
	Total int
	began time.Time
	last  time.Time // of the last log line
}

// logEvery is how often a running phase logs a line.
const logEvery = 5 * time.Second

// NewProgress returns a progress of total steps.
func (e *Env) NewProgress(total int) *Progress {
	p := &Progress{log: e.Log, Total: total, Unit: "trials", began: time.Now(), last: time.Now()}
	if !e.Quiet && isTerminal(e.Stderr) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(e.Stderr),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(65*time.Millisecond),
			progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Start begins a phase.
func (p *Progress) Start(phase string) {
	p.Phase, p.Base = phase, p.Done
	if p.bar != nil {
		p.bar.Describe(phase)
		return
	}
	p.log.Debug(phase)
}

// Step tells how many trials of the phase are done.
func (p *Progress) Step(done, _ int) {
	p.Done = p.Base + done
	if p.bar != nil {
		_ = p.bar.Set(p.Done) // a bar that cannot be drawn is no reason to stop
		return
	}
	if time.Since(p.last) >= logEvery {
		p.last = time.Now()
		p.log.Info(p.Phase, p.Unit, p.Done, "of", p.Total, "left", p.left())
	}
}

// left estimates how long the rest takes, if it goes on as it went.
func (p *Progress) left() time.Duration {
	if p.Done == 0 {
		return 0
	}
	per := time.Since(p.began) / time.Duration(p.Done)
	return (per * time.Duration(p.Total-p.Done)).Round(time.Second)
}

// Finish clears the bar.
func (p *Progress) Finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
