package bar

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxSymbol is how many bytes a symbol may have.
const MaxSymbol = 100

// maxName is how many bytes the name of a bundle may have: every file system takes it as a folder.
const maxName = 100

// CheckName says what is wrong with the name of a bundle, which becomes the
// name of a folder on any system, or "".
func CheckName(name string) string {
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
		return ""
	}
	return "the name of the bundle " + wrong + ": choose a plain name such as us-equities"
}

// CheckSymbol says what is wrong with a symbol, or "".
func CheckSymbol(symbol string) string {
	switch {
	case symbol == "":
		return "is empty"
	case len(symbol) > MaxSymbol:
		return fmt.Sprintf("is longer than %d bytes", MaxSymbol)
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

// Clip shortens a value that is too long to show.
func Clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
