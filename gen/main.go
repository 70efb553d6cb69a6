// Gen writes typed caches, with their proof, for the types of a package:
//
//	//go:generate go tool github.com/bmadventure/optcache/gen
//
// It follows the directives above struct types,
//
//	//optcache:list of=Asset cache=AssetListCache       above a key: an immutable list, and its cache
//	//optcache:grouped by=Symbol cache=BarsCache        above a row: rows grouped by column, and their cache
//	//optcache:params                                   above parameters: their space
//
// and writes optcache_gen.go and optcache_gen_test.go beside them. Run it with -h for
// the flags; the README of the module tells the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/bmadventure/optcache/internal/gen"
)

const usage = `usage: gen [flags]

Writes the code that the //optcache: directives of the package in this folder ask
for. Normally run by go generate:

	//go:generate go tool github.com/bmadventure/optcache/gen

Directives, each in the comment above a struct type:

	//optcache:list of=T [cache=Name] [by=Field] [name=Name] [clone]
		above a key type: an immutable list of T, whose elements are found by Field
		(without by=: the first string), and a cache of such lists by that key
	//optcache:grouped by=F1,F2 [cache=Name] [key=K] [order=sorted|seen] [name=Name] [clone]
		above a row type: rows grouped by fields, a slice for each column, and a
		cache of such groupings by the key type K
	//optcache:params [name=Name]
		above parameters: their space, from tags such as ` + "`optcache:\"5:50:5\"`" + `

Tags of key fields: ` + "`optcache:\"digest\"`" + ` (a content hash: eight bytes of it suffice
for hashing), ` + "`optcache:\"version\"`" + ` (the version that Retire takes).

Exit status: 0 done; 1 errors in the package or, with -check, stale files; 2 bad
flags or, with -check, any error.

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main without the process: it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("gen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	var (
		output = flags.String("o", "", "`file` to write, also in another package's folder (default optcache_gen.go)")
		names  = flags.String("type", "", "comma list of `types` to follow the directives of (default all)")
		tags   = flags.String("tags", "", "build `tags`, as for go build")
		check  = flags.Bool("check", false, "write nothing; exit 1 and show the difference if files are stale")
		test   = flags.Bool("test", true, "write the _test.go file too")
	)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "gen: unexpected argument %q: run it in the folder of the package, with flags only\n", flags.Arg(0))
		return 2
	}
	result, err := gen.Generate(ctx, gen.Options{Output: *output, Types: split(*names), Tags: *tags, NoTest: !*test})
	if *check {
		return report(result, err, stdout, stderr)
	}
	if err == nil {
		err = result.Write()
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	if len(result.Missing) > 0 {
		fmt.Fprintf(stderr, "gen: the module does not provide %s, which the new code imports: run go mod tidy (and go mod vendor, if you vendor)\n", strings.Join(result.Missing, ", "))
	}
	return 0
}

// report compares with what is on disk and returns the exit status of -check.
func report(result *gen.Result, err error, stdout, stderr io.Writer) int {
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	diff, err := result.Diff()
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	if diff == "" {
		return 0
	}
	fmt.Fprint(stdout, diff)
	return 1
}

// split returns the names of a comma list.
func split(list string) []string {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}
