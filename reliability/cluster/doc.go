// Package cluster holds what is done to several nodes of duoplane on an etcd
// cluster of three members: members are killed, frozen, slowed and cut off from
// each other while clients of every node read and change records. The history
// of all they were told must be that of one machine that does one thing after
// the other: it is checked for linearizability.
//
// Nodes are the real program; members are real etcd processes, which the test
// binary runs as children of itself, behind proxies of the test's own. In their
// short form the tests are part of go test ./...; "go test
// ./reliability/cluster -long" makes at least 10,000 calls in each experiment.
package cluster
