// Package clock finds out what the times of a file mean: how much time a bar covers, the date of a daily bar, and the
// instant of a wall clock that names no offset.
//
// A [Survey] (survey.go) sees the times of one asset in one file, in the order of time, and remembers what tells the
// frequency in a few kilobytes, however long the file is; frequency.go decides. dates.go says which date a bar of a
// day and longer has: the date in its own zone, which is another than the date in UTC where an exchange's midnight is
// written as 23:00 of the day before. local.go turns wall clocks into instants, the hours that occur twice at the end
// of daylight saving included. Nothing is guessed: what two readings fit is refused with the flag that decides.
package clock
