package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxDepth is how many folders may lie in each other: deeper is a mistake, such as a loop of mounts.
const maxDepth = 16

// A walk visits folders, and then what symbolic links lead to, folders before files: so each folder and each file is
// listed once, under its own name where it has one below the root, and no loop of links is walked twice.
type walk struct {
	ctx      context.Context
	root     string
	found    []string          // regular files, by relative paths with slashes; "." for the root itself
	links    []string          // relative paths of symbolic links, in the order in which they were met
	folders  map[string]string // folders that were visited, as shown, by their true paths
	reals    map[string]string // their true paths by their relative ones
	ignored  []Ignored
	warnings []Note
	problems []Note
}

func (w *walk) shown(path string) string { return filepath.Join(w.root, filepath.FromSlash(path)) }

func (w *walk) refuse(path, message string) {
	w.problems = append(w.problems, Note{w.shown(path), message})
}

func (w *walk) ignore(path, why string) {
	w.ignored = append(w.ignored, Ignored{w.shown(path), why})
}

// one takes the root if it is a single file, or says why it is none, and reports whether that is all.
func (w *walk) one() bool {
	info, err := os.Stat(w.root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.problems = append(w.problems, Note{w.root, "there is no such file or folder: check the path"})
	case err != nil:
		w.problems = append(w.problems, Note{w.root, "it cannot be read (" + cause(err) + "): name one that can"})
	case info.IsDir():
		return false
	case !info.Mode().IsRegular():
		w.problems = append(w.problems, Note{w.root, specialMessage(info.Mode())})
	default:
		w.found = append(w.found, ".")
	}
	return true
}

// tree visits the folder at a relative path and all below it, and then what symbolic links lead to.
func (w *walk) tree(path string) {
	w.folders, w.reals = map[string]string{}, map[string]string{}
	w.folder(path)
	var toFiles []string
	for len(w.links) > 0 && w.ctx.Err() == nil {
		link := w.links[0]
		w.links = w.links[1:]
		if !w.followFolder(link) {
			toFiles = append(toFiles, link)
		}
	}
	if len(toFiles) == 0 {
		return
	}
	files := make(map[string]string, len(w.found)) // as shown, by their true paths
	for _, f := range w.found {
		files[w.real(f)] = w.shown(f)
	}
	for _, link := range toFiles {
		w.followFile(link, files)
	}
}

// real returns the true path of a file that was found.
func (w *walk) real(path string) string {
	dir, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, name = path[:i], path[i+1:]
	}
	return filepath.Join(w.reals[dir], name)
}

// folder visits one folder, and those in it.
func (w *walk) folder(path string) {
	if w.ctx.Err() != nil {
		return
	}
	if strings.Count(path, "/") >= maxDepth {
		w.refuse(path, "the folder lies deeper than 16 others: give the folder that holds the bars")
		return
	}
	if real, err := filepath.EvalSymlinks(w.shown(path)); err == nil {
		w.folders[real], w.reals[path] = w.shown(path), real
	}
	entries, err := os.ReadDir(w.shown(path))
	if err != nil {
		w.refuse(path, "the folder cannot be read ("+cause(err)+"): make it readable, or move it away")
		return
	}
	for _, e := range entries {
		w.entry(join(path, e.Name()), e)
	}
}

func (w *walk) entry(path string, e os.DirEntry) {
	switch {
	case e.IsDir() && isHiddenFolder(e.Name()):
		w.ignore(path, folderWhy(e.Name()))
	case e.IsDir() && tableFolders[e.Name()] != "":
		w.refuse(path, tableFolders[e.Name()])
	case e.IsDir():
		w.folder(path)
	case e.Type().IsRegular():
		w.found = append(w.found, path)
	case e.Type()&fs.ModeSymlink != 0:
		w.links = append(w.links, path)
	default:
		w.special(path, e.Type())
	}
}

// special is what is neither file nor folder: a problem if it is called as a file of bars is.
func (w *walk) special(path string, mode fs.FileMode) {
	if k := kindOf(filepath.Base(path)); k.ignored == "" {
		w.refuse(path, specialMessage(mode))
		return
	}
	w.ignore(path, "not a regular file")
}

// followFolder visits the folder that a symbolic link leads to, unless that is visited already, and reports whether it
// leads to one.
func (w *walk) followFolder(link string) bool {
	target, err := filepath.EvalSymlinks(w.shown(link))
	if err != nil {
		return false
	}
	info, err := os.Stat(target)
	if err != nil || !info.IsDir() {
		return false
	}
	if read := w.folders[target]; read != "" {
		w.ignore(link, "a symbolic link to "+read+", which is read")
		return true
	}
	w.entry(link, fs.FileInfoToDirEntry(named{info, filepath.Base(filepath.FromSlash(link))}))
	return true
}

// followFile takes the file that a symbolic link leads to, under the link's name, unless that is taken already.
func (w *walk) followFile(link string, files map[string]string) {
	target, err := filepath.EvalSymlinks(w.shown(link))
	var info fs.FileInfo
	if err == nil {
		info, err = os.Stat(target)
	}
	switch {
	case err != nil && kindOf(filepath.Base(filepath.FromSlash(link))).ignored != "":
		w.ignore(link, "a symbolic link that leads nowhere")
	case err != nil:
		w.refuse(link, "the symbolic link leads nowhere ("+cause(err)+"): mend it, or move it away")
	case !info.Mode().IsRegular():
		w.special(link, info.Mode().Type())
	case files[target] != "":
		w.ignore(link, "a symbolic link to "+files[target]+", which is read")
	default:
		w.found = append(w.found, link)
		files[target] = w.shown(link)
	}
}

// named is what a link leads to under the link's name.
type named struct {
	fs.FileInfo
	name string
}

func (n named) Name() string { return n.name }

// listing sorts what was found into files and ignored ones.
func (w *walk) listing() *Listing {
	l := &Listing{Ignored: w.ignored, Warnings: w.warnings, Problems: w.problems}
	for _, f := range w.found {
		if f == "." {
			l.add(w.root, []string{filepath.Base(w.root)})
			continue
		}
		l.add(w.shown(f), strings.Split(f, "/"))
	}
	return l
}

func join(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}

func specialMessage(mode fs.FileMode) string {
	what := "a special file"
	switch {
	case mode&fs.ModeNamedPipe != 0:
		what = "a named pipe"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	}
	return "this is " + what + ", which would be waited for and read once only: write the bars to a file"
}

// cause returns what went wrong, without the path that the message names already.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
