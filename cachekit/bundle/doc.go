// Package bundle stores market data in versions that never change, and reads
// them back verified and grouped by asset.
//
// # What a bundle is
//
// A bundle is a named set of assets with their bars, daily or by the minute. A
// [Store] is a folder of bundles. [Store.Write] takes bars from a program and
// makes a version of them: a set of files that is never changed again. Package
// ingest does so with the bars of a folder of CSV or Parquet files.
//
// A [Version] is the SHA-256 of what the bundle holds. Data that is equal, in
// whatever order its files and rows came, has one and the same version; one
// corrected price makes another. [Store.Current] says which version was
// ingested last, and reads 65 bytes for it. Whoever runs many trials asks once,
// opens that version with [Store.Open] or through a [Pool], and uses it for all
// of them: what somebody ingests meanwhile does not touch the sweep.
//
// # Partitions and leaves
//
// The bars of each asset are cut into partitions, a year of daily bars or a month
// of minute bars, in UTC. Each partition is a Parquet file, in which each asset is
// one row group. A leaf is the SHA-256 of one column of one asset in one
// partition. The manifest lists all leaves, and the SHA-256 of the manifest is the
// version. So
//
//   - [Bundle.Read] hashes what it decoded and holds it against the leaves: what a
//     trial computes with is what was ingested, or there is an error;
//   - [Bundle.Key] names a slice of the data by the leaves that it is made of. A
//     value derived from the slice stays valid in every version that did not
//     change these leaves, and the key of one slice is never that of another:
//     fields, window, symbols and frequency are part of it;
//   - [Store.Diff] reads only what changed.
//
// An [market.Asset] has an ID that depends on its symbol alone, so adding an asset
// renumbers none. Prices stay as they are in the source; dividends and splits are
// columns, and are not applied to them.
//
// # What is promised
//
// A write puts its files, read-only, into a temporary folder, syncs them, reads
// them back, and renames the folder to its place; then it replaces, in the same
// way, the small file that names the current version and the one that tells which
// was current when, [Store.History]. The umask holds for all of them. A reader
// never sees half a bundle; a writer that is killed, or finds the disk full, leaves
// the version that was current. [Store.GC] removes old versions and what
// broken-off writes left behind, but never a version that is open in any process:
// open bundles hold a shared lock on their manifest (flock, and LockFileEx on
// Windows, where none of this ever ran). Where there are no file locks it removes
// nothing, and says so. A wait for a lock ends with its context; [Store.Open] has
// none and gives up after ten seconds. Ingesting the same data again mends a
// version whose files were damaged, and a damaged history.
//
// Bad input is refused with an [*InputError], which names asset or file, bar or
// line, column and value of up to 20 problems at once, and says what to do; then
// nothing is written. What a bar may be is said in cachekit/internal/bar.
//
// # Speed
//
// Reading is bounded by SHA-256. Files hold plain, uncompressed pages that are
// read straight into the columns, hashed there, and not copied again, by several
// goroutines where there is enough to do. BenchmarkLoad and BenchmarkSHA256 tell
// both in bytes a second: on two cores of a Xeon without SHA instructions a load
// of 500 assets and 2,520 bars takes about 1.3 times as long as hashing alone.
//
// FORMAT.md beside this file describes the files for people who read them with
// other programs.
package bundle
