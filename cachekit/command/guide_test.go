package command

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bmadventure/optcache/cachekit"
	"github.com/bmadventure/optcache/cachekit/optimize"
)

// GUIDE.md tells people what to write instead of what they know, so that has to exist.

// guideSpans returns what stands in backticks on the page.
func guideSpans(t *testing.T) (spans []string) {
	t.Helper()
	raw, err := os.ReadFile("GUIDE.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		words := strings.Split(line, "`")
		if len(words)%2 == 0 {
			t.Errorf("a backtick is missing in %q", line)
		}
		for i, word := range words {
			if i%2 == 1 {
				spans = append(spans, strings.ReplaceAll(word, `\|`, "|"))
			}
		}
	}
	return spans
}

// arguments divides a command line as a shell does, as far as quotes go.
func arguments(line string) (args []string) {
	for _, word := range regexp.MustCompile(`'[^']*'|"[^"]*"|[^ ]+`).FindAllString(line, -1) {
		args = append(args, strings.Trim(word, `'"`))
	}
	return args
}

// Every command line parses: what fails is only the store, which is a file.
func TestGuideCommands(t *testing.T) {
	noStore := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(noStore, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	parses := func(args ...string) (string, bool) {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), append(args, "--store="+noStore), &stdout, &stderr)
		return stderr.String(), status == 2 && strings.Contains(stderr.String(), "a store is a folder")
	}
	if _, ok := parses("sweep", "--no-such-flag"); ok {
		t.Fatal("a flag that there is not parses")
	}
	if _, ok := parses("sweep", "--trials", "many"); ok {
		t.Fatal("a value that is none parses")
	}
	seen := 0
	for _, span := range guideSpans(t) {
		variables, line, ok := strings.Cut(" "+span, " optcache ")
		if !ok || strings.Trim(variables, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_=.0123456789/abcdefghijklmnopqrstuvwxyz ") != "" {
			continue
		}
		seen++
		args := slices.DeleteFunc(arguments(line), func(s string) bool { return s == "--store" || s == "/data/bundles" })
		if says, ok := parses(args...); !ok {
			t.Errorf("%q does not parse: %s", span, says)
		}
	}
	if seen < 40 {
		t.Errorf("%d command lines were found: where are the others?", seen)
	}
}

// Flags that stand alone are those of some command.
func TestGuideFlags(t *testing.T) {
	var help bytes.Buffer
	for _, c := range []string{"sweep", "walkforward", "montecarlo", "bundle gc", "doctor", "bench", "profile"} {
		if status := run(t.Context(), append(strings.Fields(c), "--help"), &help, &help); status != 0 {
			t.Fatalf("%s --help: exit status %d", c, status)
		}
	}
	flag := regexp.MustCompile(`--[a-z-]+`)
	known := flag.FindAllString(strings.ReplaceAll(help.String(), "--[no-]", "--"), -1)
	for _, span := range guideSpans(t) {
		for _, f := range flag.FindAllString(span, -1) {
			if !slices.Contains(known, f) {
				t.Errorf("%q: no command has the flag %s", span, f)
			}
		}
	}
}

// Every `package.Name` and `package.Type.Member` is exported.
func TestGuideNames(t *testing.T) {
	folders := map[string]string{"math": ""} // of the packages; none for those of others
	for _, dir := range []string{
		"cachekit", "cachekit/backtest", "cachekit/bundle", "cachekit/command", "cachekit/ingest", "cachekit/market", "cachekit/search",
		"cachekit/optimize", "cachekit/optimize/record", "cachekit/optimize/robust", "cachekit/optimize/walk", "policy", "sizing",
	} {
		folders[filepath.Base(dir)] = filepath.Join("..", "..", filepath.FromSlash(dir))
	}
	named := regexp.MustCompile(`^([a-z]\w*)\.([A-Z]\w*(?:\.[A-Z]\w*)?)$`)
	exported := make(map[string]map[string]bool)
	seen := 0
	for _, span := range guideSpans(t) {
		m := named.FindStringSubmatch(span)
		if m == nil {
			continue
		}
		seen++
		dir, ok := folders[m[1]]
		switch {
		case !ok:
			t.Errorf("%s: there is no such package", span)
			continue
		case dir == "":
			continue
		case exported[m[1]] == nil:
			exported[m[1]] = exportedBy(t, dir)
		}
		if !exported[m[1]][m[2]] {
			t.Errorf("%s does not exist", span)
		}
	}
	if seen < 100 {
		t.Errorf("%d names were found: where are the others?", seen)
	}
}

// exportedBy returns the exported names of the package in a folder, members as Type.Member.
func exportedBy(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			noteDecl(names, d)
		}
	}
	return names
}

func noteDecl(names map[string]bool, d ast.Decl) {
	if f, ok := d.(*ast.FuncDecl); ok {
		name := f.Name.Name
		if f.Recv != nil {
			name = receiver(f.Recv.List[0].Type) + "." + name
		}
		names[name] = true
		return
	}
	for _, s := range d.(*ast.GenDecl).Specs {
		switch s := s.(type) {
		case *ast.ValueSpec:
			for _, name := range s.Names {
				names[name.Name] = true
			}
		case *ast.TypeSpec:
			names[s.Name.Name] = true
			var members *ast.FieldList
			switch kind := s.Type.(type) {
			case *ast.StructType:
				members = kind.Fields
			case *ast.InterfaceType:
				members = kind.Methods
			}
			if members == nil {
				continue
			}
			for _, m := range members.List {
				for _, name := range m.Names {
					names[s.Name.Name+"."+name.Name] = true
				}
			}
		}
	}
}

// receiver returns the name of the type that a method belongs to.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// Every variable is read: it complains of a bad value. Those of the original that have no
// namesake here are not.
func TestGuideVariables(t *testing.T) {
	variable := regexp.MustCompile(`\b(OPTCACHE|RUSTYBT)_[A-Z_]*[A-Z]\b`)
	ours, theirs := make(map[string]bool), make(map[string]bool)
	for _, span := range guideSpans(t) {
		for _, name := range variable.FindAllString(span, -1) {
			if rest, ok := strings.CutPrefix(name, "RUSTYBT_"); ok {
				theirs[rest] = true
				continue
			}
			ours[strings.TrimPrefix(name, "OPTCACHE_")] = true
		}
	}
	if len(ours) < 7 || len(theirs) < 8 {
		t.Errorf("%d variables and %d of the original were found: where are the others?", len(ours), len(theirs))
	}
	for name := range ours { // whatever they are outside
		t.Setenv("OPTCACHE_"+name, "")
		t.Setenv("RUSTYBT_"+name, "")
	}
	read := func(name, value string) bool {
		t.Setenv(name, value)
		defer t.Setenv(name, "")
		if name == "OPTCACHE_STORE" {
			dir, err := optimize.DefaultStoreDir()
			return err == nil && dir == value
		}
		_, err := cachekit.ConfigFromEnv()
		return err != nil && strings.Contains(err.Error(), name)
	}
	for name := range ours {
		if !read("OPTCACHE_"+name, "/bad") {
			t.Errorf("nothing reads OPTCACHE_%s", name)
		}
	}
	for name := range theirs {
		if read("RUSTYBT_"+name, "/bad") != ours[name] {
			t.Errorf("RUSTYBT_%s: the page has a namesake: %v; it is read: %v", name, ours[name], !ours[name])
		}
	}
}

// Every test that the page names is there.
func TestGuideTests(t *testing.T) {
	there := make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(text, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, span := range guideSpans(t) {
		if strings.HasPrefix(span, "Test") && !there[span] {
			t.Errorf("there is no %s", span)
		}
	}
}
