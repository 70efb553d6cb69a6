// Package optimize runs sweeps: many trials of one backtest over the same bars
// with other parameters.
//
// A [search.Space] says which parameters there are, a [search.Plan] such as a [search.Grid] which of
// them are tried, and [Run] tries them on all processors. The outcomes come in
// the order of the trials and do not depend on the number of workers.
//
// [Sweep] runs a plan of backtests: it has the trials that read the same moving
// averages or other derived series run together, in batches, and computes each
// series once for all of them.
//
// Which series its trials read is known before the first one runs. Where it costs more to
// keep series than to compute them again, as in small sweeps, it does without their cache and says so
// ([Workload]); where they do not all fit into the budget it tells the cache what comes next, and those
// needed last leave first. With room for half of what the trials go round and round it hits
// what Belady's optimum hits, where LRU hits nothing.
//
// A [Workspace] holds what trials share: the pool of open bundles and the caches
// of asset lists, grouped bars and derived series, within one budget of bytes. A sweep asks it
// once which version of a bundle is current and pins that version for its whole
// life ([Workspace.Pin]); the bars that its trials read are then the same however
// often the bundle is ingested anew meanwhile. What caches hold is keyed by the
// content hashes of what was read, so no trial is ever served other data than
// it asked for; with caching off the same code reads the store for every trial,
// and the results are equal bit for bit.
//
// Beneath this package, walk has walk-forwards, over spans of sessions ([Segments]); robust asks how much of a result
// is luck; record keeps the results of trials in a folder, for those who resume.
package optimize
