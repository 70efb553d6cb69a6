// Package ingest makes bars of the files that people have, and puts them into a bundle: [Dir] does it for a folder. It
// finds out how a file is written and what its times mean, says so in its [Report], and refuses, with the option that
// decides, what two readings fit.
//
// What a file goes through:
//
//   - folder.go finds the files and opens them as what they are (internal/files, internal/unpack);
//   - text.go reads lines (internal/sheet: encoding, delimiter, header; internal/when and internal/figure: dates and
//     numbers), guess.go finds the columns of a file without a header; parquet.go reads Parquet (its
//     types, internal/pq holds it against its own size first);
//   - header.go knows the names that providers give to columns; values.go makes a bar of the values of a row, and
//     badrows.go leaves rows out where that is asked for;
//   - each file becomes a table (table.go), whose times stay in memory, while values wait in a file if there are many
//     (spool.go, runs.go);
//   - times.go finds the frequency and makes dates or instants of times (internal/clock); join.go brings the tables
//     together and refuses what only shows between rows and files; report.go tells what was understood.
//
// Whatever is wrong with the files is told as a [*bundle.InputError], up to 20 problems at once, each with file, line,
// column and value, and then nothing is written. What a bar may be is said in package bar, for this package and for
// the store.
package ingest
