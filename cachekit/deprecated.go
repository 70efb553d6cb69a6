package cachekit

// Departure is the name that [Removal] had.
//
// Deprecated: use [Removal].
type Departure = Removal

// Cause is the name that [RemovalCause] had.
//
// Deprecated: use [RemovalCause].
type Cause = RemovalCause

// CauseRoom is the name that [CauseCapacity] had.
//
// Deprecated: use [CauseCapacity].
const CauseRoom = CauseCapacity
