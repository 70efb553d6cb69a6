package bench

import (
	"fmt"
	"strconv"
	"strings"
)

// intRange is a flag of the form LO:HI:STEP, LO:HI or a single number.
type intRange struct{ Lo, Hi, Step int }

func (r intRange) String() string { return fmt.Sprintf("%d:%d:%d", r.Lo, r.Hi, r.Step) }

// UnmarshalText parses a range; the space that is made of it checks the bounds.
func (r *intRange) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), ":")
	if len(parts) > 3 {
		return fmt.Errorf("%q: must be LO:HI:STEP, such as 5:50:5", text)
	}
	var n [3]int
	for i, part := range parts {
		v, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return fmt.Errorf("%q: %q is no whole number; must be LO:HI:STEP, such as 5:50:5", text, part)
		}
		n[i] = v
	}
	switch len(parts) {
	case 1:
		*r = intRange{n[0], n[0], 1}
	case 2:
		*r = intRange{n[0], n[1], 1}
	default:
		*r = intRange{n[0], n[1], n[2]}
	}
	if r.Lo < 1 || r.Hi < r.Lo || r.Step < 1 {
		return fmt.Errorf("%q: LO must be at least 1, HI at least LO and STEP at least 1", text)
	}
	return nil
}
