// Package walk has walk-forward optimization: parameters are searched for again and again as time goes by, and each
// choice is judged by the sessions after it.
//
// [Windows] divide the sessions into folds (folds.go says which fold a session is in), [Forward] runs them,
// and [Stability] tells how much the choice moved from fold to fold.
package walk
