package directive

import "fmt"

// Suggest returns ` (did you mean "x"?)` with the x of known that s is nearest
// to, or nothing if none is near: more than a third of the letters, and more than
// two, would have to change.
func Suggest(s string, known []string) string {
	best, at := max(2, len(s)/3)+1, ""
	for _, k := range known {
		if d := distance(s, k); d < best && d < len(k) {
			best, at = d, k
		}
	}
	if at == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", at)
}

// distance returns how many letters must be put in, taken out or replaced to
// make b of a (Levenshtein, 1966). Above 64 letters it is not worth knowing.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := diagonal
			if a[i] != b[j] {
				next = min(row[j], row[j+1], diagonal) + 1
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
