package bundle

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName   = 100 // bytes in the name of a bundle; every file system takes it as a folder
	maxSymbol = 100 // bytes in a symbol
)

// checkName says what is wrong with the name of a bundle, which becomes the
// name of a folder on any system.
func checkName(name string) error {
	wrong := ""
	switch {
	case name == "":
		wrong = "is empty"
	case len(name) > maxName:
		wrong = fmt.Sprintf("is longer than %d bytes", maxName)
	case strings.HasPrefix(name, "."):
		wrong = "begins with a dot"
	case strings.Contains(name, ".."):
		wrong = `contains ".."`
	case strings.ContainsAny(name, `/\:*?"<>|`):
		wrong = `contains one of / \ : * ? " < > |`
	case !printable(name):
		wrong = "contains a control character or is not UTF-8"
	case name != strings.TrimSpace(name) || strings.HasSuffix(name, "."):
		wrong = "begins or ends with a space, or ends with a dot"
	default:
		return nil
	}
	return inputProblem(Problem{Value: clip(name), Message: "the name of the bundle " + wrong +
		": choose a plain name such as us-equities"})
}

// checkSymbol says what is wrong with a symbol, or "".
func checkSymbol(symbol string) string {
	switch {
	case symbol == "":
		return "is empty"
	case len(symbol) > maxSymbol:
		return fmt.Sprintf("is longer than %d bytes", maxSymbol)
	case !printable(symbol):
		return "contains a control character or is not UTF-8"
	case symbol != strings.TrimSpace(symbol):
		return "begins or ends with a space"
	}
	return ""
}

func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
