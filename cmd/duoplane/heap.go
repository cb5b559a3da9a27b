package main

import "runtime/debug"

// heapRoom is how many bytes a node allocates and never touches. They are
// address space, not memory, but the collector counts them: with GOGC at 100
// it lets twice as many bytes gather beside what twice the records take. See
// ADR 15.
const heapRoom = 16 << 20

const (
	usualGC   = 100 // GOGC when nobody has set it
	loadingGC = 400 // GOGC while the records are loaded
)

// loading has the collector work less until loaded is called: nearly all that
// a load allocates stays. What was garbage all the same goes back to the system
// then, beside the first requests. A GOGC of the operator's is kept to. See
// ADR 22.
func (n *node) loading() (loaded func()) {
	before := debug.SetGCPercent(loadingGC)
	if before != usualGC {
		debug.SetGCPercent(before)
		return func() {}
	}
	return func() {
		debug.SetGCPercent(before)
		n.tidying.Go(debug.FreeOSMemory)
	}
}
