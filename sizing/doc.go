// Package sizing says how many bytes of heap a value really holds, so that a
// byte budget means bytes of memory and not a guess.
//
// # What is counted
//
// The Go runtime never hands out exactly what was asked for: a small object
// takes the next of 67 size classes, a large one whole pages, a slice that
// append grew has room to spare. Adding up lengths times element sizes is
// therefore wrong by 5 to 36 % on the shapes that market data takes. [Alloc]
// rounds as the runtime does, and everything here is built on it; the tests
// hold the sums against real heap growth.
//
// A [Sizer] counts the heap that a value refers to, not the words of the value
// itself: a slice header lies in whatever holds the slice (a struct, an array, a
// cache entry), and is counted there, once.
//
// # Who pays for shared memory
//
// A slice keeps the whole array alive that it was cut from, but shows only the
// part from its first element to its capacity. No function can see the rest, so
// a view cannot be sized by looking at it. The rule is that the owner pays: who
// allocated the array charges all of it once, views are free. [Views] does this
// for groups cut from one array, [Columns] for columns that share one. A value
// that must not pin its source is cloned before it is cached.
//
// Maps have no sizer: their memory doubles in steps that the runtime does not
// show. A sorted slice holds the same and can be counted.
package sizing
