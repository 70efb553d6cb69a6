package files

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmadventure/optcache/cachekit/ingest/internal/unpack"
)

// A kind is what a file's name says of it: one of problem and ignored is set, or it is a file of bars.
type kind struct {
	format  Format
	advice  string // for Other
	ignored string // why there are no bars in it
	warning string // beside ignored, if the user may have meant something by it
	problem string
}

var (
	textEndings    = []string{".csv", ".tsv", ".txt", ".prn", ".dat", ".asc", ".data"}
	parquetEndings = []string{".parquet", ".pq", ".parq"}
	// compressions are what a name may end in above its own ending.
	compressions = []string{".gz", ".gzip", ".bz2", ".bzip2", ".xz", ".zst", ".zstd", ".zip"}
	// codecs stand before the ending of Parquet files: the compression inside.
	codecs = []string{".snappy", ".gz", ".gzip", ".zstd", ".lz4", ".lz4raw", ".brotli", ".br", ".uncompressed", ".none"}
)

// otherEndings are formats that may hold bars and are not read.
var otherEndings = map[string]unpack.Kind{
	".feather": unpack.ArrowFile, ".ftr": unpack.ArrowFile, ".arrow": unpack.ArrowFile, ".ipc": unpack.ArrowFile,
	".arrows": unpack.ArrowStream, ".xlsx": unpack.Excel, ".xlsm": unpack.Excel, ".xls": unpack.OldExcel,
	".h5": unpack.HDF5, ".hdf": unpack.HDF5, ".hdf5": unpack.HDF5, ".pkl": unpack.Pickle, ".pickle": unpack.Pickle,
	".json": unpack.JSON, ".jsonl": unpack.JSON, ".ndjson": unpack.JSON, ".db": unpack.SQLite,
	".sqlite": unpack.SQLite, ".sqlite3": unpack.SQLite, ".orc": unpack.ORC, ".avro": unpack.Avro,
	".npy": unpack.NumPy, ".7z": unpack.SevenZip, ".rar": unpack.RAR, ".tar": unpack.Tar, ".tgz": unpack.Tar,
	".tbz": unpack.Tar, ".tbz2": unpack.Tar, ".txz": unpack.Tar, ".lz4": unpack.LZ4, ".z": unpack.UnixZ,
}

// barelessEndings are formats that hold no bars, with what they hold.
var barelessEndings = map[string]string{
	".md": "a text for people", ".rst": "a text for people", ".html": "a web page", ".htm": "a web page",
	".pdf": "a document", ".doc": "a document", ".docx": "a document", ".rtf": "a document", ".ppt": "a document",
	".pptx": "a document", ".odt": "a document", ".tex": "a document",
	".py": "a program", ".pyc": "a program", ".ipynb": "a notebook", ".r": "a program", ".jl": "a program",
	".go": "a program", ".js": "a program", ".ts": "a program", ".sh": "a program", ".bat": "a program",
	".ps1": "a program", ".sql": "a program", ".c": "a program", ".cpp": "a program", ".h": "a program",
	".java": "a program", ".cs": "a program", ".exe": "a program", ".dll": "a program", ".so": "a program",
	".toml": "settings", ".yaml": "settings", ".yml": "settings", ".ini": "settings", ".cfg": "settings",
	".conf": "settings", ".xml": "a document", ".log": "a log", ".lock": "a lock",
	".png": "an image", ".jpg": "an image", ".jpeg": "an image", ".gif": "an image", ".svg": "an image",
	".webp": "an image", ".ico": "an image", ".bmp": "an image",
	".checksum": "a checksum", ".sha1": "a checksum", ".sha256": "a checksum", ".sha512": "a checksum",
	".md5": "a checksum", ".crc": "a checksum", ".sfv": "a checksum", ".sig": "a signature",
	".url": "a link", ".lnk": "a link", ".webloc": "a link", ".idx": "an index",
}

// backupEndings are what editors leave beside files; unfinishedEndings are what programs write into until all is there.
var (
	backupEndings     = []string{"~", ".bak", ".swp", ".swo", ".orig", ".old", ".rej"}
	unfinishedEndings = []string{".part", ".partial", ".crdownload", ".download", ".tmp", ".temp", ".incomplete"}
)

// bareNames are files that hold no bars by their whole name, in lower case.
var bareNames = map[string]string{
	"_success": "a mark that a writer set", "_metadata": "a summary of Parquet files",
	"_common_metadata": "a summary of Parquet files", "thumbs.db": "a file of the desktop",
	"desktop.ini": "a file of the desktop", "icon\r": "a file of the desktop", "makefile": "a program",
	"dockerfile":       "a program",
	"requirements.txt": "settings", "robots.txt": "settings", "cmakelists.txt": "a program",
	"sha256sums": "a checksum", "sha1sums": "a checksum", "md5sums": "a checksum", "sha256sums.txt": "a checksum",
	"md5sums.txt": "a checksum", "checksums.txt": "a checksum", "checksum.txt": "a checksum",
}

// documents are texts for people, without an ending or as text.
var documents = []string{"readme", "license", "licence", "copying", "changelog", "changes", "notice", "authors",
	"contributing", "disclaimer", "citation", "todo"}

// tableFolders are what makes a folder a table with a history: some of its files are of older versions.
var tableFolders = map[string]string{
	"_delta_log": deltaMessage("a Delta table"),
	".hoodie":    deltaMessage("a Hudi table"),
}

func deltaMessage(what string) string {
	return "the folder around it is " + what + ", whose files hold rows of older versions too: " +
		"write its current version as Parquet with a program that knows such tables (DuckDB, Spark, polars)"
}

// kindOf says what a file is by its name.
func kindOf(name string) kind {
	lower := strings.ToLower(name)
	stem, ending := split(lower)
	switch {
	case strings.HasPrefix(lower, "._"):
		return kind{ignored: "what macOS leaves beside files on foreign disks"}
	case strings.HasPrefix(lower, "~$"):
		return kind{ignored: "the lock of a file that is open"}
	case strings.HasPrefix(lower, ".~lock."), strings.HasPrefix(lower, ".#"):
		return kind{ignored: "the lock of a file that is open"}
	case ending != "" && strings.TrimSpace(stem) == "":
		return kind{problem: "the name has nothing before its ending, so no symbol: rename the file to SYMBOL" + ending}
	case strings.HasPrefix(lower, "."):
		return hidden(ending)
	case bareNames[lower] != "":
		return kind{ignored: bareNames[lower]}
	}
	for _, e := range backupEndings {
		if strings.HasSuffix(lower, e) {
			return kind{ignored: "a copy that a program left"}
		}
	}
	for _, e := range unfinishedEndings {
		if strings.HasSuffix(lower, e) {
			return kind{ignored: "a file that is not finished", warning: "a file that is not finished is left out: " +
				"wait for the program that writes it, or download it again"}
		}
	}
	return byEnding(name, stem, ending)
}

// hidden says why a file whose name begins with a dot is ignored.
func hidden(ending string) kind {
	k := kind{ignored: "a hidden file"}
	if ending != "" {
		k.warning = "a hidden file is no asset and is left out: rename it without the dot if it holds bars of its own"
	}
	return k
}

// byEnding says what a file is by the last part of its name. stem and ending are in lower case.
func byEnding(name, stem, ending string) kind {
	own := filepath.Ext(strings.TrimSuffix(ending, compressed(ending)))
	isDocument := slices.Contains(documents, strings.TrimRight(stem, "-_ 0123456789"))
	switch {
	case own == ".txt" && isDocument, ending == "" && isDocument:
		return kind{ignored: "a text for people"}
	case slices.Contains(parquetEndings, own):
		return kind{format: Parquet}
	case strings.HasSuffix(ending, ".zip"):
		return kind{format: Archive}
	case own == ".asc" && hasBars(strings.TrimSuffix(strings.ToLower(name), own)):
		return kind{ignored: "a signature"}
	case slices.Contains(textEndings, own), own == "" && ending != "":
		return kind{format: Text}
	}
	last := endingOf(name)
	if k, ok := otherEndings[last]; ok {
		return kind{format: Other, advice: k.Advice(name)}
	}
	if why := barelessEndings[last]; why != "" {
		return kind{ignored: why}
	}
	return unknown(last)
}

func unknown(ending string) kind {
	what := "its name has no ending that is known"
	if ending == "" {
		what = "its name has no ending"
	}
	return kind{ignored: what, warning: "it is left out, since " + what +
		": rename it to SYMBOL.csv or SYMBOL.parquet if it holds bars"}
}

func hasBars(name string) bool {
	_, ending := split(name)
	return ending != ""
}

// compressed returns the ending of a name, in lower case, that says how it is compressed, or "".
func compressed(lower string) string {
	for _, c := range compressions {
		if strings.HasSuffix(lower, c) {
			return c
		}
	}
	return ""
}

// split divides a name into what comes before the endings of a file of bars, and those: AAPL and .csv.gz. The ending
// is "" if there is none that is known.
func split(name string) (stem, ending string) {
	lower := strings.ToLower(name)
	packed := compressed(lower)
	rest := lower[:len(lower)-len(packed)]
	for _, own := range slices.Concat(textEndings, parquetEndings) {
		if !strings.HasSuffix(rest, own) {
			continue
		}
		end := len(rest) - len(own)
		if slices.Contains(parquetEndings, own) {
			for _, c := range codecs {
				if cut, ok := strings.CutSuffix(rest[:end], c); ok && cut != "" {
					end = len(cut)
					break
				}
			}
		}
		for _, twice := range []string{".csv", ".tsv", ".txt"} { // where a desktop hides one and a program adds one
			if inner, ok := strings.CutSuffix(rest[:end], twice); ok && inner != "" {
				end = len(inner)
				break
			}
		}
		return cut(name, end)
	}
	if packed == ".zip" || packed != "" && !strings.Contains(strings.TrimPrefix(rest, "."), ".") {
		return cut(name, len(rest))
	}
	return name, ""
}

// cut divides a name, unless lower case changed its length, which no ending in Latin letters needs.
func cut(name string, at int) (stem, ending string) {
	at = len(name) - (len(strings.ToLower(name)) - at)
	return name[:at], name[at:]
}

// endingOf returns the ending of a path in lower case, whatever compresses it.
func endingOf(path string) string {
	lower := strings.ToLower(path)
	return filepath.Ext(strings.TrimSuffix(lower, compressed(lower)))
}

// isHiddenFolder reports whether a folder is none of the user's data.
func isHiddenFolder(name string) bool {
	return folderWhy(name) != "" && tableFolders[name] == ""
}

// folderWhy says why a folder is ignored with all in it, or "".
func folderWhy(name string) string {
	switch {
	case name == "__MACOSX":
		return "what macOS leaves in archives"
	case name == "__pycache__", name == "node_modules":
		return "a folder of programs"
	case name == "_temporary", name == "$RECYCLE.BIN", name == "System Volume Information", name == "lost+found":
		return "a folder of the system"
	case strings.HasPrefix(name, ".") && name != "." && name != "..":
		return "a hidden folder"
	}
	return ""
}
