// Package when reads dates and times as files of bars have them: ISO in every precision and form of offset, dates by
// day or month first, names of months, digits without signs, epochs in seconds to nanoseconds, days of a spreadsheet.
//
// A [Format] is found from the first cells of a column (find.go) and reads all of it: what is only digits means one
// thing in one file. civil.go reads what is written for people. Whether 03/02 is in February or in March is proved by
// a number above 12, wherever in the file it is, and never guessed.
//
// There are libraries that read any date (dateparse and its kin); they guess the order of day and month, cell by cell,
// and take an abbreviation such as EST for UTC, which is what must not happen here.
package when
