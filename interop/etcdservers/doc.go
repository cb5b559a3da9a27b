// Package etcdservers runs duoplane on the etcd servers that administrators
// have: the newest of each release still maintained, built by "go build" from
// the module that each folder here is.
//
// Each gets the store's own tests of a cluster, and two real servers that talk
// to it by TLS with client certificates, as a user who may touch nothing but
// their prefix.
package etcdservers
