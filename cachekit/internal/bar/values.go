package bar

import (
	"fmt"
	"math"
	"strconv"
)

// CheckValues says what is wrong with the values of one bar, in the order of the
// fields, and with which field. A volume may be NaN, which says that it is not known.
func CheckValues(values *[NumFields]float64) (field int, wrong string) {
	for f, v := range values {
		if math.IsNaN(v) && f != Volume || math.IsInf(v, 0) {
			return f, "it is not a finite number: correct it or remove the row"
		}
	}
	switch {
	case values[High] < values[Low]:
		return High, "the high is below the low of " + FormatFloat(values[Low]) + ": correct one of them"
	case values[Open] > values[High] || values[Open] < values[Low]:
		return Open, outside("open", values[Low], values[High])
	case values[Close] > values[High] || values[Close] < values[Low]:
		return Close, outside("close", values[Low], values[High])
	case values[Volume] < 0:
		return Volume, "the volume is negative: correct it"
	case values[Dividend] < 0:
		return Dividend, "the dividend is negative: correct it"
	case values[Split] < 0:
		return Split, "a split is how many units one unit became, such as 2 or 0.1: correct it, or give 1 where there was none"
	}
	return 0, ""
}

func outside(name string, low, high float64) string {
	return fmt.Sprintf("the %s is outside low %s to high %s: correct one of them",
		name, FormatFloat(low), FormatFloat(high))
}

// FormatFloat writes a value with as many digits as give it back.
func FormatFloat(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
