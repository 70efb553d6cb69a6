package mutants

// A Mutant is one way to break the cache.
type Mutant struct {
	Name     string
	Defect   string // what is wrong, in half a sentence
	Property string // of package propertytest that notices
	Expires  bool   // only a cache whose values expire shows it
	Dies     bool   // it ends the process
	Break    func(*Cache)
}

// All are the mutants, by the property that catches them.
var All = []Mutant{
	frontSlot, cachedError, keyJoined, lastWriteLost, neighbourRemoved, evictedBack,
	hitPaysTheLoad, forgetsAll, errorForgetsValue,
	fieldIgnored, versionIgnored, digestCut, windowCut, hashForKey,
	nilIsAbsent, emptyIsNil,
	batchSorted, batchDuplicates, batchSwallowsError, batchLoadsTwice,
	oneTooMany, overwriteCountsTwice, updateKeepsSize, keyNotCounted, permanentTier, capacityRounded, victimsForNothing, roomOfEachShard, updateEvictsOthers, resizeLater, graveyardCounted, reservationLost,
	oversizeKept, oversizeEmpties, oversizeLeavesOld, narrowSize,
	pinEvicted, pinsNotCounted, onePinForAll, releaseBringsBack,
	fifo,
	retireByPrefix, retireForEver,
	oldTimer, coarseClock, hitsProlongLife, updateKeepsAge,
	changeUnseen, hitUnchecked,
	peeksCounted, clearResetsCounts, errorsNotCounted,
	staleSet, clearMissesLoads, batchStoresLate, retireMissesLoads, oldLoadJoined, setLostToLoad,
	lostUpdate, noSharing, publishedLate,
	loadUnderLock, oneLoadAtATime, firstCallersContext, cannotLeave, leaverCancels,
	errorForOne, panicIsZero, panicHangs, goexitHangs, panicKills,
	waiterLeaks, janitorStays,
	publishedApart,
}
