// Package bundles is the command bundle: ingest, list, show, verify, diff, rm and gc.
package bundles

// Cmd is the command bundle.
type Cmd struct {
	Ingest ingestCmd `cmd:"" help:"Make the CSV or Parquet files of a directory a new version of a bundle."`
	List   listCmd   `cmd:"" help:"List the bundles."`
	Show   showCmd   `cmd:"" help:"Show the versions and the assets of a bundle."`
	Verify verifyCmd `cmd:"" help:"Read every file of a bundle and hold it against its hashes."`
	Diff   diffCmd   `cmd:"" help:"Tell which assets, columns and dates differ between two versions."`
	Rm     rmCmd     `cmd:"" help:"Remove a bundle with all its versions."`
	GC     gcCmd     `cmd:"" name:"gc" help:"Remove versions that are neither current nor in use, and leftovers of interrupted writes."`
}
