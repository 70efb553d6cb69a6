package sizing

import "math"

// Alloc returns the bytes of heap that one allocation of n bytes without
// pointers takes: the size class for n up to 32 KiB, whole pages of 8 KiB above
// it, 0 for n <= 0. It may be called concurrently.
//
// The runtime packs objects below 16 bytes without pointers together where it
// can, so many of those take a little less than the sum of Alloc.
//
// The classes are those of internal/runtime/gc/sizeclasses.go in Go 1.26.
func Alloc(n int64) int64 {
	switch {
	case n <= 0:
		return 0
	case n <= fineMax:
		return int64(fineClasses[(n+fineStep-1)/fineStep])
	case n <= classMax:
		return int64(coarseClasses[(n-fineMax+coarseStep-1)/coarseStep])
	}
	return (min(n, math.MaxInt64-pageSize) + pageSize - 1) &^ (pageSize - 1)
}

const (
	pageSize = 8 << 10

	// An object with pointers of more than headerMin bytes begins with a
	// pointer to its type (runtime/mbitmap.go), unless it has pages of its own.
	headerMin  = 512
	headerSize = 8

	// Classes up to fineMax are found in steps of fineStep, those up to
	// classMax in steps of coarseStep: no class boundary lies between steps.
	fineMax, fineStep     = 1024, 8
	classMax, coarseStep  = 32 << 10, 128
	fineCount, coarseLast = fineMax/fineStep + 1, (classMax - fineMax) / coarseStep
)

// sizeClasses are the sizes of the runtime's small objects, ascending.
var sizeClasses = [...]uint16{
	8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256,
	288, 320, 352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024,
	1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072, 3200, 3456, 4096,
	4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288,
	13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
}

var fineClasses, coarseClasses = classesBySize()

// classesBySize lays the classes out by size, so that Alloc looks up instead of
// searching.
func classesBySize() (fine [fineCount]uint16, coarse [coarseLast + 1]uint16) {
	class := 0
	at := func(n int) uint16 {
		for int(sizeClasses[class]) < n {
			class++
		}
		return sizeClasses[class]
	}
	for i := range fine {
		fine[i] = at(i * fineStep)
	}
	for i := range coarse {
		coarse[i] = at(fineMax + i*coarseStep)
	}
	return fine, coarse
}

// scannedAlloc returns the bytes of heap that one allocation of n bytes with
// pointers takes.
func scannedAlloc(n int64) int64 {
	if n > headerMin && n <= classMax-headerSize {
		n += headerSize
	}
	return Alloc(n)
}
