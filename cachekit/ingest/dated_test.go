package ingest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// weekdays returns a file of one bar a date, with prices that depend on the date alone and on above.
func datesFrom(first string, n int, above string) string {
	at, err := time.Parse(time.DateOnly, first)
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	b.WriteString(header1)
	for i := range n {
		day := at.AddDate(0, 0, i)
		price := above + day.Format("06") + "." + day.Format("0102")
		b.WriteString(day.Format(time.DateOnly) + strings.Repeat(","+price, 4) + ",1\n")
	}
	return b.String()
}

// Files are joined for the dates in their names where their bars are of these dates, or where bars that they share say
// that they are one asset; else they may be contracts.
func TestFilesWithDatesInTheirNames(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string // the assets, or what is said
	}{
		"months": {map[string]string{"SPY_2023-11.csv": datesFrom("2023-11-01", 30, "1"), "SPY_2023-12.csv": datesFrom("2023-12-01", 31, "1")}, "SPY"},
		"years of a session in the evening before": {
			map[string]string{"SPY-2022.csv": datesFrom("2021-12-31", 300, "1"), "SPY-2023.csv": datesFrom("2022-12-31", 300, "1")}, "SPY"},
		"days, one file of the night before": {
			map[string]string{"A_20240102.csv": datesFrom("2024-01-02", 1, "1"), "A_20240104.csv": datesFrom("2024-01-03", 1, "1")}, "A"},
		"downloads that overlap": {
			map[string]string{"A_2024-01-31.csv": datesFrom("2023-06-01", 100, "1"), "A_2024-02-29.csv": datesFrom("2023-07-01", 200, "1")}, "A"},
		"contracts that do not overlap": {
			map[string]string{"NQ_202312.csv": datesFrom("2023-09-10", 60, "1"), "NQ_202403.csv": datesFrom("2023-12-10", 60, "2")},
			`NQ_202312.csv: its name says 202312 of "NQ", and its bars are of 2023-09-10 to 2023-11-08: if this and NQ_202403.csv are two assets`},
		"contracts that overlap": {
			map[string]string{"NQ_2023-12.csv": datesFrom("2023-09-10", 60, "1"), "NQ_2024-03.csv": datesFrom("2023-10-10", 60, "2")},
			"such as symbol=NQ_2023-12"},
		"contracts by their last day": {
			map[string]string{"NQ 20231215.csv": datesFrom("2023-10-01", 60, "1"), "NQ 20240315.csv": datesFrom("2024-01-10", 60, "2")}, "two assets"},
		"contracts by themselves": {
			map[string]string{"symbol=NQ_202312/NQ_202312.csv": datesFrom("2023-09-10", 60, "1"), "symbol=NQ_202403/NQ_202403.csv": datesFrom("2023-12-10", 60, "2")},
			"NQ_202312 NQ_202403"},
		"one asset all the same": {
			map[string]string{"symbol=NQ/NQ_202312.csv": datesFrom("2023-09-10", 60, "1"), "symbol=NQ/NQ_202403.csv": datesFrom("2023-12-10", 60, "2")},
			"NQ"},
	} {
		s := emptyStore(t)
		r, err := Dir(t.Context(), s, "b", folder(t, c.files), Options{})
		if strings.Contains(c.want, " of ") || strings.Contains(c.want, "such as") || strings.Contains(c.want, "two") {
			refused(t, name, s, err, c.want)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, a := range opened(t, s, r.Version).Assets() {
			got = append(got, a.Symbol)
		}
		if diff := cmp.Diff(strings.Fields(c.want), got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
