package files

import (
	"strings"
	"testing"
)

// Whatever the members of an archive are called, each is listed once, and the same way each time.
func FuzzInArchive(f *testing.F) {
	f.Add("AAPL (1).csv\nAAPL.csv\n2020/aapl.csv\nsymbol=BRK%2FB/part-0.parquet")
	f.Add("GE_2019.csv.gz\nGE_2020.txt\nx.tar.gz\n.csv\n__MACOSX/._a.csv\nCopy of copy (copy).zip")
	f.Add("2002.csv\n2330.csv\n20200101.csv\n-2020-01.csv\nK.PKL\n\u0130.csv.csv.txt")
	f.Fuzz(func(t *testing.T, text string) {
		members := strings.Split(text, "\n")
		archive := File{Path: "a.zip", Symbol: "a"}
		l := InArchive(archive, members)
		if again := InArchive(archive, members); described("", again) != described("", l) {
			t.Fatal("two listings differ")
		}
		want := map[string]int{}
		for _, m := range members {
			want[m]++
		}
		got := map[string]int{}
		for _, f := range l.Files {
			got[f.Path]++
		}
		for _, i := range l.Ignored {
			got[i.Path]++
		}
		for _, p := range l.Problems {
			name, _ := strings.CutPrefix(p.Path, "a.zip: ")
			if got[name] == 0 {
				got[name] = want[name] // a problem of a name alone
			}
		}
		for m, n := range want {
			if got[m] != n {
				t.Errorf("%q: listed %d times of %d\n%s", m, got[m], n, described("", l))
			}
		}
	})
}
