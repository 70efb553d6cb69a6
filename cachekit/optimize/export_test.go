package optimize

// TesterOf returns a tester that keeps at most so many bytes of series.
var TesterOf = (*Segments).tester
