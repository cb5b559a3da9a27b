package main

// heapRoom is how many bytes a node allocates and never touches. They are
// address space, not memory, but the collector counts them: with GOGC at 100
// it lets twice as many bytes gather beside what twice the records take. See
// ADR 15.
const heapRoom = 16 << 20
