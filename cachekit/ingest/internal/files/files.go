package files

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Options say what to find. The zero value finds all.
type Options struct {
	// Frequency chooses, by a name such as "daily" or "5min", between folders that hold one frequency each.
	Frequency string
}

// A Format is how a file is read, as its name says.
type Format int

const (
	Text    Format = iota // lines of text, as they are or compressed
	Parquet               // Parquet
	Archive               // a zip: [InArchive] lists its members
	Other                 // bars in a format that is not read: Why says how to convert it
)

// A File is a file of bars.
type File struct {
	Path   string            // as messages show it: below the folder that was given
	Format Format            // how it is read
	Symbol string            // the asset, or "" if the name does not say
	Date   string            // what was taken off the name as a date, or ""
	Hive   map[string]string // the values of Hive folders by their keys in lower case; nil without
	Why    string            // for Other: what it is and what to do
}

// Named reports whether a Hive folder, such as symbol=AAPL, says of which asset the file is.
func (f *File) Named() bool {
	return slices.ContainsFunc(symbolKeys, func(key string) bool { return f.Hive[key] != "" })
}

// Ignored is a file or a folder, with all in it, that holds no bars.
type Ignored struct {
	Path, Why string
}

// A Note says something about a file, and what to do.
type Note struct {
	Path, Message string
}

// A Listing is what [Find] found. All its lists are sorted by path.
type Listing struct {
	Files    []File
	Ignored  []Ignored
	Warnings []Note // the listing may be read, and the user should know
	Problems []Note // the listing must not be read
}

const noBarsMessage = "there are no bars here: they come as SYMBOL.csv, SYMBOL.csv.gz, SYMBOL.parquet or a zip of them"

// Find lists the files of bars under dir, which may be a single file too. It
// reads folders and opens no file. All that is wrong is among the Problems; the
// error is that of ctx.
func Find(ctx context.Context, dir string, options Options) (*Listing, error) {
	w := &walk{ctx: ctx, root: dir}
	if w.one() {
		return w.listing().finish(dir), nil
	}
	from := w.choose(options.Frequency)
	if len(w.problems) == 0 {
		w.tree(from)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return w.listing().finish(dir), nil
}

// InArchive lists the members of an archive as [Find] does the files of a folder: members are their names, with
// slashes, and the Paths of the Files and the Ignored; those of Problems and Warnings have the archive's path before
// them. A member takes its symbol from the archive where a Hive folder around the archive gives one, where both are
// called the same (AAPL_2019.csv in AAPL_2019.zip), and where its own name gives none.
func InArchive(archive File, members []string) *Listing {
	l := &Listing{}
	for _, m := range members {
		parts := strings.Split(m, "/")
		if hidden := slices.IndexFunc(parts[:len(parts)-1], isHiddenFolder); hidden >= 0 {
			l.ignore(m, folderWhy(parts[hidden]))
			continue
		}
		l.add(m, parts)
	}
	l.finish(archive.Path)
	for i := range l.Files {
		l.Files[i].inherit(archive)
	}
	for _, notes := range [][]Note{l.Warnings, l.Problems} {
		for i := range notes {
			if notes[i].Path != archive.Path {
				notes[i].Path = archive.Path + ": " + notes[i].Path
			}
		}
	}
	return l
}

// inherit gives a member what its archive knows.
func (f *File) inherit(archive File) {
	own, _ := split(path.Base(f.Path))
	outer, _ := split(filepath.Base(archive.Path))
	if archive.Named() || own == outer || f.Symbol == "" {
		f.Symbol, f.Date = archive.Symbol, cmp.Or(archive.Date, f.Date)
	}
	for key, value := range archive.Hive {
		if f.Hive == nil {
			f.Hive = map[string]string{}
		}
		if _, ok := f.Hive[key]; !ok {
			f.Hive[key] = value
		}
	}
}

func (l *Listing) ignore(path, why string) { l.Ignored = append(l.Ignored, Ignored{path, why}) }
func (l *Listing) warn(path, m string)     { l.Warnings = append(l.Warnings, Note{path, m}) }
func (l *Listing) refuse(path, m string)   { l.Problems = append(l.Problems, Note{path, m}) }

// add puts a regular file where it belongs. parts are the folders below the root and the name.
func (l *Listing) add(shown string, parts []string) {
	name := parts[len(parts)-1]
	k := kindOf(name)
	switch {
	case k.problem != "":
		l.refuse(shown, k.problem)
	case k.ignored != "":
		l.ignore(shown, k.ignored)
		if k.warning != "" {
			l.warn(shown, k.warning)
		}
	default:
		f := File{Path: shown, Format: k.format, Why: k.advice}
		f.place(parts[:len(parts)-1])
		l.Files = append(l.Files, f)
	}
}

// place finds in the names of its folders what they say of a file.
func (f *File) place(folders []string) {
	for _, folder := range folders {
		if key, value, ok := hive(folder); ok {
			if f.Hive == nil {
				f.Hive = map[string]string{}
			}
			f.Hive[key] = value
			if isSymbolKey(key) {
				f.Symbol = value
			}
		} else if k := kindOf(folder); k.problem == "" && k.ignored == "" && (k.format == Text || k.format == Parquet) {
			f.Symbol, _ = symbolOf(folder)
		}
	}
}

// finish draws the conclusions that need all files: symbols, names that are alike, formats that are not read.
func (l *Listing) finish(root string) *Listing {
	slices.SortFunc(l.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	l.settle()
	l.symbols()
	l.copies()
	l.alike()
	if len(l.Files) == 0 && len(l.Problems) == 0 {
		l.refuse(root, l.noBars())
	}
	l.Warnings = counted(l.Warnings)
	slices.SortFunc(l.Ignored, func(a, b Ignored) int { return cmp.Compare(a.Path, b.Path) })
	for _, notes := range [][]Note{l.Warnings, l.Problems} {
		slices.SortStableFunc(notes, func(a, b Note) int { return cmp.Compare(a.Path, b.Path) })
	}
	return l
}

// settle decides what becomes of formats that are not read: alone they are the reason why nothing is read, beside
// bars they are left out with a warning, and JSON, which is most often no bars, without one.
func (l *Listing) settle() {
	others := 0
	for _, f := range l.Files {
		if f.Format == Other {
			others++
		}
	}
	if others == 0 {
		return
	}
	alone := others == len(l.Files)
	first, count := map[string]int{}, map[string]int{}
	for i, f := range l.Files {
		if f.Format == Other {
			if count[endingOf(f.Path)]++; count[endingOf(f.Path)] == 1 {
				first[endingOf(f.Path)] = i
			}
		}
	}
	for ending, i := range first {
		message := l.Files[i].Why
		if n := count[ending]; n > 1 {
			message += fmt.Sprintf("; %d more files end in %s", n-1, ending)
		}
		switch {
		case alone:
			l.refuse(l.Files[i].Path, message)
		case ending != ".json":
			l.warn(l.Files[i].Path, "it is left out: "+message)
		}
	}
	if alone {
		return
	}
	l.Files = slices.DeleteFunc(l.Files, func(f File) bool {
		if f.Format == Other {
			l.ignore(f.Path, f.Why)
		}
		return f.Format == Other
	})
}

// counted makes one note of those that say the same: what they are about is among the Ignored, one by one.
func counted(notes []Note) []Note {
	slices.SortStableFunc(notes, func(a, b Note) int { return cmp.Compare(a.Path, b.Path) })
	more := map[string]int{}
	var kept []Note
	for _, n := range notes {
		if more[n.Message]++; more[n.Message] == 1 {
			kept = append(kept, n)
		}
	}
	for i, n := range kept {
		if m := more[n.Message]; m > 1 {
			kept[i].Message += fmt.Sprintf("; so it is with %d more", m-1)
		}
	}
	return kept
}

// noBars says that there is nothing to read, and what was seen.
func (l *Listing) noBars() string {
	if len(l.Ignored) == 0 {
		return noBarsMessage
	}
	first := slices.MinFunc(l.Ignored, func(a, b Ignored) int { return cmp.Compare(a.Path, b.Path) })
	message := noBarsMessage + "; ignored: " + filepath.Base(first.Path) + " (" + first.Why + ")"
	if n := len(l.Ignored); n > 1 {
		message += fmt.Sprintf(" and %d more", n-1)
	}
	return message
}
