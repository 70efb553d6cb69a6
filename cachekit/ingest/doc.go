// Package ingest makes series of bars of the files that people have, CSV and Parquet, and puts them into a bundle:
// [Dir] does it for a folder. Whatever is wrong with the files is told as a [*bundle.InputError], up to 20 problems at
// once, each with file, line, column and value, and then nothing is written. folder.go finds the files of a folder and
// reads them, several at a time. Each becomes a table (table.go), which keeps for every bar the line that it came
// from: header.go finds the columns by their names and refuses a header that lacks one; csv.go reads the rows of a
// CSV file, parse.go their times and numbers, and refuses a row by itself; parquet.go does the same for the columns
// of a Parquet file. join.go decides whether bars are daily, brings the tables together, and refuses what only shows
// between rows and files: an order that is wrong, a bar or a symbol that is there twice. What a bar may be is said in
// package bar, for this package and for the store.
package ingest
