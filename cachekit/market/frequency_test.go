package market

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestFrequencyNames(t *testing.T) {
	for f, want := range map[Frequency]string{
		Daily: "daily", Weekly: "weekly", Monthly: "monthly", Quarterly: "quarterly", Yearly: "yearly",
		Minute: "minute", 5 * Minute: "5min", 60 * Minute: "hour", 240 * Minute: "4h", 90 * Minute: "90min",
		Frequency(time.Second): "second", Frequency(30 * time.Second): "30s", Frequency(time.Millisecond): "1000000ns",
		0: "Frequency(0)", -6: "Frequency(-6)", Frequency(24 * time.Hour): "Frequency(86400000000000)",
	} {
		if got := f.String(); got != want {
			t.Errorf("%d: got %q, want %q", int64(f), got, want)
		}
		if f.Intraday() != (f > 0) {
			t.Errorf("%s: intraday is %t", f, f.Intraday())
		}
	}
}

func TestParseFrequencyIsTheInverse(t *testing.T) {
	all := []Frequency{Daily, Weekly, Monthly, Quarterly, Yearly, Minute}
	for range 1000 {
		unit := []time.Duration{time.Nanosecond, time.Millisecond, time.Second, time.Minute, time.Hour}[rand.IntN(5)]
		all = append(all, Frequency(unit*time.Duration(1+rand.Int64N(int64(24*time.Hour/unit)-1))))
	}
	for _, f := range all {
		if got, err := ParseFrequency(f.String()); err != nil || got != f {
			t.Errorf("%s: got %s, %v", f, got, err)
		}
	}
}

func TestParseFrequency(t *testing.T) {
	for text, want := range map[string]Frequency{
		"1d": Daily, "week": Weekly, "1mo": Monthly, "1q": Quarterly, "1y": Yearly, "5m": 5 * Minute, "1h": 60 * Minute,
		"hourly": 60 * Minute, "60min": 60 * Minute, "1m": Minute,
	} {
		if got, err := ParseFrequency(text); err != nil || got != want {
			t.Errorf("%q: got %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "dayly", "24h", "-5m", "0s", "min", "Frequency(0)", "1M"} {
		if got, err := ParseFrequency(text); err == nil {
			t.Errorf("%q: got %s, want an error", text, got)
		}
	}
}
