package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// FuzzReadTrace holds that a file of requests is refused with its path and the
// line at fault, or that what was read, written again in the same form, is read
// as the same.
func FuzzReadTrace(f *testing.F) {
	for i, text := range []string{
		"1\n2\n2\n*\n", "7 3 0 0\n1 1 0 0\n", "version,time,op,size,lbn\n0,1,2,512,9\n0,1,2,1,9\n",
		"-1\n", "5\nx\n", "1 99999999999999999999 0 0\n", "18446744073709551615 2 0 0\n", "0,1,2,0,9\n",
	} {
		f.Add(uint8(i), text)
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		form := []struct {
			name  string
			write func(Request) string
		}{
			{"lirs-x", func(r Request) string { return fmt.Sprint(r.Key) }},
			{"arc-x", func(r Request) string { return fmt.Sprintf("%d 1 0 0", r.Key) }},
			{"weighted-x.csv", func(r Request) string { return fmt.Sprintf("0,0,0,%d,%d", r.Size, r.Key) }},
		}[kind%3]
		path := filepath.Join(t.TempDir(), form.name)
		read := func(text string) ([]Request, error) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return ReadTrace(path)
		}
		requests, err := read(text)
		if err != nil {
			if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "line ") || requests != nil {
				t.Fatalf("%d requests, and an error without a place: %v", len(requests), err)
			}
			return
		}
		var again strings.Builder
		for _, r := range requests {
			if r.Size < 1 {
				t.Fatalf("a request of size %d", r.Size)
			}
			again.WriteString(form.write(r) + "\n")
		}
		if other, err := read(again.String()); err != nil || !reflect.DeepEqual(other, requests) {
			t.Fatalf("%d requests, written and read again, are %d: %v", len(requests), len(other), err)
		}
	})
}
