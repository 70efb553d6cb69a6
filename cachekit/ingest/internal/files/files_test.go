package files

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree makes files, whose paths have slashes; those that end in one are folders.
func tree(t testing.TB, paths ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, p := range paths {
		full := filepath.Join(root, filepath.FromSlash(p))
		dir := filepath.Dir(full)
		if strings.HasSuffix(p, "/") {
			dir = full
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if dir == full {
			continue
		}
		if err := os.WriteFile(full, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func find(t testing.TB, root string, options Options) *Listing {
	t.Helper()
	l, err := Find(t.Context(), root, options)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// described writes a listing as lines: "path = symbol" of files, then notes.
func described(root string, l *Listing) string {
	var b strings.Builder
	relative := func(p string) string {
		r, err := filepath.Rel(root, p)
		if err != nil {
			return p
		}
		return filepath.ToSlash(r)
	}
	for _, f := range l.Files {
		fmt.Fprintf(&b, "%s = %s", relative(f.Path), f.Symbol)
		if f.Date != "" {
			fmt.Fprintf(&b, " of %s", f.Date)
		}
		b.WriteByte('\n')
	}
	for _, i := range l.Ignored {
		fmt.Fprintf(&b, "ignored %s\n", relative(i.Path))
	}
	for _, n := range l.Warnings {
		fmt.Fprintf(&b, "warning %s\n", relative(n.Path))
	}
	for _, n := range l.Problems {
		fmt.Fprintf(&b, "problem %s\n", relative(n.Path))
	}
	return b.String()
}

func lines(s ...string) string { return strings.Join(s, "\n") + "\n" }

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		paths []string
		want  string
	}{
		"endings": {
			[]string{"a.csv", "b.CSV.GZ", "c.tsv", "d.us.txt", "e.prn.xz", "f.dat.zst", "g.parquet", "h.pq", "i.zip",
				"j.parquet.gzip", "k.snappy.parquet", "l.gz", "m.csv.zip", "n.csv.txt", "^GDAXI.csv", "7203.T.csv", "EURUSD=X.csv"},
			lines("7203.T.csv = 7203.T", "EURUSD=X.csv = EURUSD=X", "^GDAXI.csv = ^GDAXI", "a.csv = a", "b.CSV.GZ = b",
				"c.tsv = c", "d.us.txt = d.us", "e.prn.xz = e", "f.dat.zst = f", "g.parquet = g", "h.pq = h", "i.zip = i",
				"j.parquet.gzip = j", "k.snappy.parquet = k", "l.gz = l", "m.csv.zip = m", "n.csv.txt = n"),
		},
		"folders": {
			[]string{"NFLX.csv", "amex/GOLD.csv", "symbol=KO/part-0.parquet", "2021/PEP.parquet", "2022/PEP.parquet",
				"T.parquet/part-0.parquet", "T.parquet/_SUCCESS"},
			lines("2021/PEP.parquet = PEP", "2022/PEP.parquet = PEP", "NFLX.csv = NFLX", "T.parquet/part-0.parquet = T",
				"amex/GOLD.csv = GOLD", "symbol=KO/part-0.parquet = KO", "ignored T.parquet/_SUCCESS"),
		},
		"hive": {
			[]string{"Ticker=BRK%2FB/year=2020/month=03/part-00000-5d.c000.snappy.parquet", "year=2020/data_0.parquet",
				"symbol=__HIVE_DEFAULT_PARTITION__/x.parquet"},
			lines("Ticker=BRK%2FB/year=2020/month=03/part-00000-5d.c000.snappy.parquet = BRK/B",
				"symbol=__HIVE_DEFAULT_PARTITION__/x.parquet = x", "year=2020/data_0.parquet = "),
		},
		"no bars among bars": {
			[]string{"A.csv", "README", "readme.txt", "LICENSE.md", "plot.png", "get.py", "A.csv.CHECKSUM", "A.csv.asc",
				"SHA256SUMS", "run.json", ".git/config", "__MACOSX/A.csv", "._A.csv", "A.csv~", "Thumbs.db"},
			lines("A.csv = A", "ignored ._A.csv", "ignored .git", "ignored A.csv.CHECKSUM", "ignored A.csv.asc",
				"ignored A.csv~", "ignored LICENSE.md", "ignored README", "ignored SHA256SUMS", "ignored Thumbs.db",
				"ignored __MACOSX", "ignored get.py", "ignored plot.png", "ignored readme.txt", "ignored run.json"),
		},
		"what may be meant": {
			[]string{"A.csv", ".A.csv", ".B.csv", "B.csv.part", "C.feather", "D", "E.bin"},
			lines("A.csv = A", "ignored .A.csv", "ignored .B.csv", "ignored B.csv.part",
				"ignored C.feather", "ignored D", "ignored E.bin",
				"warning .A.csv", "warning B.csv.part", "warning C.feather", "warning D", "warning E.bin"),
		},
		"days and months": {
			[]string{"ETHUSDT-5m-2022-01-31.csv", "ETHUSDT-5m-2022-02.zip", "EURUSD_20220131.csv", "EURUSD_202202.csv",
				"X_2020-01-01_2020-12-31.csv", "Y-31.12.2020.txt", "Z-2020-13.csv", "W-123456.csv"},
			lines("ETHUSDT-5m-2022-01-31.csv = ETHUSDT-5m of 2022-01-31", "ETHUSDT-5m-2022-02.zip = ETHUSDT-5m of 2022-02",
				"EURUSD_20220131.csv = EURUSD of 20220131", "EURUSD_202202.csv = EURUSD of 202202", "W-123456.csv = W-123456",
				"X_2020-01-01_2020-12-31.csv = X of 2020-01-01 to 2020-12-31", "Y-31.12.2020.txt = Y of 31.12.2020",
				"Z-2020-13.csv = Z-2020-13"),
		},
		"years": {
			[]string{"GE_2019.csv", "GE_2020.csv", "nvda-2014.txt", "ES_2500.csv", "ES_2600.csv"},
			lines("ES_2500.csv = ES_2500", "ES_2600.csv = ES_2600", "GE_2019.csv = GE of 2019", "GE_2020.csv = GE of 2020",
				"nvda-2014.txt = nvda-2014"),
		},
		"nothing but dates": {
			[]string{"2021-05-03.csv", "20210504.csv", "20210505_trade.zip", "y/2019.csv",
				"tw/2002.csv", "tw/2330.csv", "b/200012.csv"},
			lines("2021-05-03.csv =  of 2021-05-03", "20210504.csv =  of 20210504",
				"20210505_trade.zip =  of 20210505", "b/200012.csv =  of 200012",
				"tw/2002.csv = 2002", "tw/2330.csv = 2330", "y/2019.csv =  of 2019"),
		},
		"a copy beside": {
			[]string{"IBM.csv", "IBM (1).csv"},
			lines("IBM (1).csv = IBM", "IBM.csv = IBM", "problem IBM (1).csv"),
		},
		"a copy alone": {
			[]string{"Copy of IBM.csv", "GE - Copy (2).csv", "KO copy.csv", "T(3).csv"},
			lines("Copy of IBM.csv = IBM", "GE - Copy (2).csv = GE", "KO copy.csv = KO", "T(3).csv = T",
				"warning Copy of IBM.csv", "warning GE - Copy (2).csv", "warning KO copy.csv", "warning T(3).csv"),
		},
		"case": {
			[]string{"2020/GE.csv", "2021/ge.csv"},
			lines("2020/GE.csv = GE", "2021/ge.csv = ge", "problem 2021/ge.csv"),
		},
		"form": {
			[]string{"\u00c5.csv", "A\u030a.csv"},
			lines("A\u030a.csv = A\u030a", "\u00c5.csv = \u00c5", "problem \u00c5.csv"),
		},
		"no name":        {[]string{".csv", "A.csv"}, lines("A.csv = A", "problem .csv")},
		"nothing":        {nil, lines("problem .")},
		"no bars at all": {[]string{"README.md"}, lines("ignored README.md", "problem .")},
		"only others": {
			[]string{"a.feather", "b.feather", "c.json"},
			lines("a.feather = ", "b.feather = ", "c.json = ", "problem a.feather", "problem c.json"),
		},
		"one frequency": {
			[]string{"daily/A.csv", "README.md", "notes/x.md"},
			lines("daily/A.csv = A", "ignored README.md", "ignored notes", "warning notes"),
		},
		"a frequency beside bars": {
			[]string{"daily/A.csv", "B.csv"}, lines("B.csv = B", "daily/A.csv = A"),
		},
		"tickers that are words": {
			[]string{"DAY/2019.csv", "D/a.csv", "MO/b.csv"}, lines("D/a.csv = a", "DAY/2019.csv =  of 2019", "MO/b.csv = b"),
		},
		"two frequencies": {[]string{"daily/A.csv", "minute/A.csv"}, lines("problem .")},
		"a delta table": {
			[]string{"t/_delta_log/0.json", "t/part-0.parquet"},
			lines("t/part-0.parquet = ", "problem t/_delta_log"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, c.paths...)
			if got := described(root, find(t, root, Options{})); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestHiveValuesAreDecoded(t *testing.T) {
	root := tree(t, "Year=2020/symbol=BF%2EB/bad=%zz/a.parquet")
	want := map[string]string{"year": "2020", "symbol": "BF.B", "bad": "%zz"}
	if got := find(t, root, Options{}).Files[0].Hive; !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestFrequencyChoosesAFolder(t *testing.T) {
	root := tree(t, "Daily/A.csv", "5 min/A.csv", "5 min/B.csv", "1h/A.csv")
	for frequency, want := range map[string]string{"daily": "Daily", "1d": "Daily", "5m": "5 min", "hour": "1h"} {
		for _, f := range find(t, root, Options{Frequency: frequency}).Files {
			if filepath.Dir(f.Path) != filepath.Join(root, want) {
				t.Errorf("%s: %s", frequency, f.Path)
			}
		}
	}
	for frequency, want := range map[string]string{
		"": "holds 5min, daily and hour bars", "weekly": "none that are weekly",
	} {
		l := find(t, root, Options{Frequency: frequency})
		if len(l.Problems) != 1 || !strings.Contains(l.Problems[0].Message, want) || len(l.Files) > 0 {
			t.Errorf("%q: %+v", frequency, l)
		}
	}
	if l := find(t, tree(t, "A.csv"), Options{Frequency: "weekly"}); len(l.Files) != 1 || len(l.Problems) > 0 {
		t.Errorf("a folder without sets: %+v", l)
	}
	if l := find(t, tree(t, "1d/A.csv", "daily/A.csv"), Options{}); len(l.Problems) != 1 {
		t.Errorf("two folders of one frequency: %+v", l)
	}
}

func TestASingleFile(t *testing.T) {
	root := tree(t, "A.csv", "README.md")
	if l := find(t, filepath.Join(root, "A.csv"), Options{}); len(l.Files) != 1 || l.Files[0].Symbol != "A" ||
		l.Files[0].Path != filepath.Join(root, "A.csv") {
		t.Errorf("got %+v", l)
	}
	for _, name := range []string{"README.md", "none"} {
		if l := find(t, filepath.Join(root, name), Options{}); len(l.Problems) != 1 {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

func TestLinksAreFollowedOnce(t *testing.T) {
	other := tree(t, "Z.csv")
	root := tree(t, "2020/A.csv", "B.csv")
	for link, to := range map[string]string{
		"latest": "2020", "2020/loop": "..", "C.csv": "B.csv", "D.csv": filepath.Join(other, "Z.csv"),
		"far": other, "E.csv": "nowhere.csv", "note": "nowhere",
	} {
		if err := os.Symlink(to, filepath.Join(root, filepath.FromSlash(link))); err != nil {
			t.Skip(err)
		}
	}
	got := described(root, find(t, root, Options{}))
	want := lines("2020/A.csv = A", "B.csv = B", "far/Z.csv = Z", "ignored 2020/loop", "ignored C.csv", "ignored D.csv",
		"ignored latest", "ignored note", "problem E.csv")
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestFoldersTooDeepAreTold(t *testing.T) {
	deep := strings.Repeat("d/", maxDepth)
	l := find(t, tree(t, deep+"A.csv", deep+"e/B.csv"), Options{})
	if len(l.Files) != 1 || len(l.Problems) != 1 || !strings.Contains(l.Problems[0].Message, "deeper") {
		t.Errorf("got %+v", l)
	}
}

func TestFindHeedsItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Find(ctx, tree(t, "A.csv"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAlike(t *testing.T) {
	got := Alike([]string{"b", "B", "é", "e\u0301", "a", "ß", "SS", "b", "É"})
	want := [][2]string{{"B", "b"}, {"SS", "ß"}, {"e\u0301", "É"}, {"e\u0301", "é"}}
	slices.SortFunc(want, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if Difference([2]string{"é", "e\u0301"}) != "Unicode form" || Difference([2]string{"a", "A"}) != "case" {
		t.Error("the difference")
	}
}

func TestInArchive(t *testing.T) {
	archive := File{Path: "d/GE_2019.zip", Symbol: "GE", Date: "2019", Hive: map[string]string{"year": "2019"}}
	l := InArchive(archive, []string{"GE_2019.csv", "sub/KO.csv", "20190102.csv", "__MACOSX/._KO.csv", "a.feather"})
	var got []string
	for _, f := range l.Files {
		got = append(got, f.Path+"="+f.Symbol)
		if f.Hive["year"] != "2019" {
			t.Errorf("%s: %v", f.Path, f.Hive)
		}
	}
	if want := []string{"20190102.csv=GE", "GE_2019.csv=GE", "sub/KO.csv=KO"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if len(l.Ignored) != 2 || len(l.Warnings) != 1 || l.Warnings[0].Path != "d/GE_2019.zip: a.feather" {
		t.Errorf("got %+v", l)
	}
	archive.Hive["symbol"] = "GE"
	if l := InArchive(archive, []string{"KO.csv"}); l.Files[0].Symbol != "GE" {
		t.Errorf("in a Hive folder: %+v", l.Files)
	}
}

// A random name is made of parts that mean something somewhere, so that rules meet each other.
func randomName(r *rand.Rand) string {
	parts := []string{"AAPL", "aapl", "a.us", "é", "e\u0301", " (1)", " copy", "Copy of ", "-2020", "_2020-01",
		"-20200131",
		"2020", "part-0", ".csv", ".csv", ".gz", ".txt", ".parquet", ".zip", ".json", ".feather", ".bak", ".", "_", "~",
		"README", "symbol=", "year=", "daily", "%2F", " ", ".tar", "\xff", "K", "İ"}
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	if name := b.String(); name != "." && name != ".." {
		return name
	}
	return "x"
}

// Each regular file is listed exactly once: itself, or a folder that is ignored or refused with all in it.
func TestEachFileIsListedOnce(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		root := t.TempDir()
		dirs := []string{root}
		var all []string
		for range 1 + r.IntN(30) {
			p := filepath.Join(dirs[r.IntN(len(dirs))], randomName(r))
			if r.IntN(4) == 0 {
				if os.Mkdir(p, 0o755) == nil {
					dirs = append(dirs, p)
				}
			} else if _, err := os.Lstat(p); err != nil && os.WriteFile(p, nil, 0o644) == nil {
				all = append(all, p)
			}
		}
		l := find(t, root, Options{})
		if again := find(t, root, Options{}); described(root, again) != described(root, l) {
			t.Fatalf("seed %d: two listings differ", seed)
		}
		if slices.ContainsFunc(l.Problems, func(n Note) bool {
			return strings.Contains(n.Message, "--frequency") ||
				strings.Contains(n.Message, "both hold")
		}) {
			continue // nothing is read then, and the problem says so
		}
		for _, p := range all {
			if n := listed(l, p); n != 1 {
				t.Errorf("seed %d: %q is listed %d times\n%s", seed, p, n, described(root, l))
			}
		}
	}
}

// listed counts where a path, or a folder around it, stands in the listing. Problems of files that are listed
// already are about more than one.
func listed(l *Listing, path string) int {
	is := func(listed string) bool {
		return listed == path || strings.HasPrefix(path, listed+string(filepath.Separator))
	}
	n := 0
	for _, f := range l.Files {
		if f.Path == path {
			n++
		}
	}
	for _, i := range l.Ignored {
		if is(i.Path) {
			n++
		}
	}
	if n > 0 {
		return n
	}
	for _, p := range l.Problems {
		if is(p.Path) {
			return 1
		}
	}
	return 0
}

func TestManyFilesOfASymbol(t *testing.T) {
	const n = 2_000
	paths := make([]string, n)
	for i := range paths {
		paths[i] = fmt.Sprintf("%d/S%d-2020-01-%02d.csv", i%7, i/20, 1+i%20)
	}
	root := tree(t, paths...)
	if l := find(t, root, Options{}); len(l.Files) != n {
		t.Errorf("%d files", len(l.Files))
	}
}
