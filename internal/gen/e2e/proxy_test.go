package e2e

import (
	"archive/zip"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// version is what the checkout is served as.
const version = "v0.0.1"

// moduleProxy writes the checkout, as one version of the module, to a folder that the
// go command takes for a proxy, and returns its URL.
func moduleProxy(t *testing.T) string {
	t.Helper()
	proxy := t.TempDir()
	dir := filepath.Join(proxy, filepath.FromSlash(module), "@v")
	writeFile(t, filepath.Join(dir, "list"), version+"\n")
	writeFile(t, filepath.Join(dir, version+".info"), `{"Version":"`+version+`","Time":"2026-01-01T00:00:00Z"}`)
	writeFile(t, filepath.Join(dir, version+".mod"), readFile(t, filepath.Join(root(t), "go.mod")))
	f, err := os.Create(filepath.Join(dir, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := zipModule(f, root(t)); err != nil {
		t.Fatal(err)
	}
	return fileURL(proxy)
}

// zipModule writes the files of the module in dir that a build reads, as proxies serve
// them: without hidden folders and without the modules that lie in it. What else lies in a
// checkout, such as the folder of a long run, may be of any size.
func zipModule(w io.Writer, dir string) error {
	z := zip.NewWriter(w)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			if path != dir && (strings.HasPrefix(d.Name(), ".") || err == nil) {
				return filepath.SkipDir
			}
			return nil
		}
		if name := d.Name(); !d.Type().IsRegular() || filepath.Ext(name) != ".go" && name != "go.mod" && name != "go.sum" {
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		to, err := z.Create(module + "@" + version + "/" + filepath.ToSlash(name))
		if err != nil {
			return err
		}
		from, err := os.Open(path)
		if err != nil {
			return err
		}
		defer from.Close()
		_, err = io.Copy(to, from)
		return err
	})
	if err != nil {
		return err
	}
	return z.Close()
}

func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}
