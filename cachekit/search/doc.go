// Package search has parameter spaces and what proposes trials from them.
//
// A [Space] says which parameters there are: fields of a struct of the user's, an [Axis] each, and the rules that they
// keep. A [Grid] lays trials over it evenly; [Random] draws them (Optuna's RandomSampler); [Bayesian] and [Genetic]
// learn from results which to propose next. Each is a [Search], which is asked for trials and told what became of
// them, in the way of Optuna's ask and tell; a [Plan] is trials that are known beforehand.
//
// Nothing here runs a trial: package optimize does. Generated parameter spaces import this package and nothing heavier.
package search
