// Package files finds the files of bars under a folder and says which asset each is of, by names alone: nothing is
// opened, so a hundred thousand files are listed in a second.
//
// [Find] walks the folder (walk.go), chooses between folders of several frequencies (sets.go), says what each file is
// by its ending (kind.go) and which asset it is of (symbol.go), and finds the names that can be one thing twice
// (alike.go). Nothing is skipped in silence: each file is among the Files, the Ignored or the Problems.
//
// # Symbols
//
// The symbol of a file is, in this order:
//
//   - the value of the innermost Hive folder called symbol, ticker or instrument: symbol=AAPL/part-0.parquet is AAPL;
//   - the name of the innermost folder that is called as a file of bars is: AAPL.parquet/part-0.parquet is AAPL;
//   - the file's name, less its endings (AAPL.csv, AAPL.csv.gz and AAPL.parquet.gzip are AAPL, aapl.us.txt is
//     aapl.us), less the mark of a copy (AAPL (1).csv is AAPL), less a date at its end.
//
// A date is a day or a month in digits behind -, _ or a space: BTCUSDT-1h-2023-10-27, BTCUSDT-1h-2023-10,
// BTCUSDT_20231027, BTCUSDT_202310, EURUSD_27.10.2023. It is taken off always, and so is the second date of two. A
// year alone (AAPL_2019) is taken off where two files or more would have the same symbol for it. What was taken off
// is the file's Date: files whose bars do not lie in it are not parts of one asset, but contracts, say.
//
// A name that is nothing but a date, one that begins with a day (20131007_trade), and what writers of data sets
// call their parts (part-00000, data_0) give no symbol: a column must say it. Digits alone are a date if there are
// eight of them; four or six are one unless the other such names of the folder are none, since 2330.csv beside
// 2002.csv are two assets of Taiwan.
//
// Two files of one symbol are two parts of it, wherever they are.
package files
