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
	if f, ok := e.Stderr.(*os.File); ok && !e.Quiet && term.IsTerminal(int(f.Fd())) {
		p.bar = newBar(f, total, func() int {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 80
			}
			return width
		})
	}
	return p
}

// newBar returns a bar on a terminal, given how wide that is now.
func newBar(w io.Writer, total int, width func() int) *progressbar.ProgressBar {
	const text = 60 // columns for phase, counts and times
	return progressbar.NewOptions(total,
		progressbar.OptionSetWriter(&fitting{w: w, width: width}),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(65*time.Millisecond),
		progressbar.OptionSetWidth(min(60, max(5, width()-text))),
		progressbar.OptionClearOnFinish(),
	)
}

// A fitting writer cuts lines off where a terminal, which may become narrower meanwhile, would wrap them: then a
// carriage return would not lead back to where the line began.
type fitting struct {
	w      io.Writer
	width  func() int
	column int
}

func (f *fitting) Write(p []byte) (int, error) {
	most := f.width() - 1
	line := make([]rune, 0, len(p))
	for _, r := range string(p) {
		switch {
		case r == '\r' || r == '\n':
			f.column = 0
		case f.column >= most:
			continue
		default:
			f.column++
		}
		line = append(line, r)
	}
	if _, err := io.WriteString(f.w, string(line)); err != nil {
		return 0, err
	}
	return len(p), nil
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
