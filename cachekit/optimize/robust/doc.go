// Package robust asks how much of a result is luck.
//
//   - [MonteCarlo] draws other paths from the returns of an account: bootstrap and permutation.
//   - [Noise] runs a strategy on prices that are a little off.
//   - [Sensitivity] moves the parameters around a point.
//   - [DeflatedSharpeRatio] and [MeasureOverfitting] weigh the best of many trials against the luck of the best of many.
package robust
